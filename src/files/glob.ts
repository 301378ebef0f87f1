import { HoldfastError } from '../base/index.ts';

/** A test of one path component. */
export type Glob = (name: string) => boolean;

type Token =
  | { readonly kind: 'any' }
  | { readonly kind: 'one' }
  | { readonly kind: 'literal'; readonly char: string }
  | {
      readonly kind: 'class';
      readonly negated: boolean;
      readonly ranges: readonly (readonly [string, string])[];
    };

/**
 * Compiles the pattern of one path component as Go's `path/filepath.Match` reads it, which is restic's: `*` any run,
 * `?` one character, `[a-z]` and `[^a-z]` classes, `\` takes the next character as it is.
 * Matching takes time in proportion to pattern × name at worst, whatever either holds.
 *
 * @throws HoldfastError `usage` for an open class, an empty class or a `\` at the end
 */
export function compileGlob(pattern: string): Glob {
  if (!/[\\[\]*?]/.test(pattern)) return (name) => name === pattern;
  const tokens = tokenize(pattern);
  return (name) => matches(tokens, Array.from(name));
}

/** The usual two-pointer match: only the last `*` ever needs to take more. */
function matches(tokens: readonly Token[], chars: readonly string[]): boolean {
  let token = 0;
  let char = 0;
  let star = -1;
  let taken = 0;
  while (char < chars.length) {
    const now = tokens[token];
    if (now?.kind === 'any') {
      star = token++;
      taken = char;
    } else if (now !== undefined && accepts(now, chars[char] ?? '')) {
      token++;
      char++;
    } else if (star >= 0) {
      token = star + 1;
      char = ++taken;
    } else return false;
  }
  return tokens.slice(token).every((rest) => rest.kind === 'any');
}

function accepts(token: Exclude<Token, { kind: 'any' }>, char: string): boolean {
  if (token.kind === 'one') return true;
  if (token.kind === 'literal') return token.char === char;
  const point = char.codePointAt(0) ?? 0;
  const inside = token.ranges.some(
    ([low, high]) => (low.codePointAt(0) ?? 0) <= point && point <= (high.codePointAt(0) ?? 0),
  );
  return inside !== token.negated;
}

function tokenize(pattern: string): Token[] {
  const chars = Array.from(pattern);
  const tokens: Token[] = [];
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] ?? '';
    if (char === '*') tokens.push({ kind: 'any' });
    else if (char === '?') tokens.push({ kind: 'one' });
    else if (char === '[') {
      const [token, end] = readClass(pattern, chars, at + 1);
      tokens.push(token);
      at = end;
    } else {
      if (char === '\\') at++;
      tokens.push({ kind: 'literal', char: charAt(pattern, chars, at) });
    }
  }
  return tokens;
}

/** The class whose first character is at `at`, and where its `]` is. */
function readClass(pattern: string, chars: readonly string[], at: number): [Token, number] {
  const negated = chars[at] === '^';
  if (negated) at++;
  const ranges: [string, string][] = [];
  while (ranges.length === 0 || chars[at] !== ']') {
    const [low, next] = classChar(pattern, chars, at);
    at = next;
    let high = low;
    if (chars[at] === '-') [high, at] = classChar(pattern, chars, at + 1);
    ranges.push([low, high]);
  }
  return [{ kind: 'class', negated, ranges }, at];
}

function classChar(pattern: string, chars: readonly string[], at: number): [string, number] {
  const char = charAt(pattern, chars, at);
  if (char === '-' || char === ']') throw malformed(pattern);
  if (char !== '\\') return [char, at + 1];
  return [charAt(pattern, chars, at + 1), at + 2];
}

function charAt(pattern: string, chars: readonly string[], at: number): string {
  const char = chars[at];
  if (char === undefined) throw malformed(pattern);
  return char;
}

function malformed(pattern: string): HoldfastError {
  return new HoldfastError('usage', `pattern "${pattern}" is malformed`, {
    hint: 'write a literal [, *, ? or \\ with a \\ before it',
  });
}
