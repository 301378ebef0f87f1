/** A regular expression as it stands in a file. */
export interface PatternLiteral {
  /** What stands between the slashes. */
  readonly source: string;
  readonly flags: string;
  /** 1-based. */
  readonly line: number;
}

const space = /\s+|\/\*[^]*?\*\/|\/\/[^\n]*/y;
const text = /'(?:[^'\\\n]|\\[^])*'|"(?:[^"\\\n]|\\[^])*"/y;
/** A template from its mark, or from the end of an expression in it, to its end or to where an expression begins. */
const template = /[`}](?:[^`\\$]|\\[^]|\$(?!\{))*(?<edge>`|\$\{)/y;
const pattern = /\/(?<source>(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/(?<flags>[a-z]*)/y;
const word = /[\w$]+|[^]/y;
/** After one of these a slash begins a pattern; after everything else it divides. */
const beforePattern = /^(?:[(,=:[!&|?{};>+]|return|typeof|case|)$/;

/** Every regular expression literal in the source of one file. */
export function patternLiterals(code: string): PatternLiteral[] {
  const found: PatternLiteral[] = [];
  /** The brackets that are open; `$` for the one of an expression in a template. */
  const open: string[] = [];
  let before = '';
  for (let at = 0; at < code.length; ) {
    const take = (form: RegExp): RegExpExecArray | null => {
      form.lastIndex = at;
      return form.exec(code);
    };
    const isTemplate = code[at] === '`' || (code[at] === '}' && open.at(-1) === '$');
    const isPattern = code[at] === '/' && beforePattern.test(before);
    const match =
      take(space) ??
      take(text) ??
      (isTemplate ? take(template) : undefined) ??
      (isPattern ? take(pattern) : undefined) ??
      take(word);
    const [token, groups] = [match?.[0] ?? '', match?.groups ?? {}];
    if (groups['source'] !== undefined)
      found.push({
        source: groups['source'],
        flags: groups['flags'] ?? '',
        line: code.slice(0, at).split('\n').length,
      });
    if (token.startsWith('}')) open.pop();
    if (token === '{') open.push('{');
    if (groups['edge'] === '${') open.push('$');
    if (!/^(?:\s|\/[*/])/.test(token))
      before = groups['edge'] === '${' ? '{' : token.length > 1 && !/^\w/.test(token) ? 'value' : token;
    at += token.length;
  }
  return found;
}
