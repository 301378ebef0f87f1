/** A regular expression as far as the time it takes depends on it. */
export type PatternNode =
  /** One character out of a set, which is written as `source` says. */
  | { readonly kind: 'character'; readonly source: string }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly part: PatternNode; readonly min: number; readonly max: number }
  /** The beginning of the text. */
  | { readonly kind: 'start' }
  /** Anything else that takes no character and may fail: the end, the border of a word, what comes before or after. */
  | { readonly kind: 'condition' };

/** Reads a regular expression of JavaScript. A `SyntaxError` for what is not understood here, such as back references. */
export function parsePattern(source: string): PatternNode {
  const parser = new Parser(source);
  const node = parser.choice();
  if (!parser.done) throw new SyntaxError(`not understood from ${parser.rest}`);
  return node;
}

const character =
  /^(?:\\u\{[0-9a-f]+\}|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|\\[pP]\{[\w=]+\}|\\[^1-9bBk]|\[(?:[^\]\\]|\\[^])*\]|[^()|*+?[\\^$])/iu;
const quantifier = /^(?:(?<sign>[*+?])|\{(?<min>\d+)(?<comma>,(?<max>\d*))?\})\??/;

class Parser {
  rest: string;

  constructor(source: string) {
    this.rest = source;
  }

  get done(): boolean {
    return this.rest === '';
  }

  choice(): PatternNode {
    const parts = [this.#sequence()];
    while (this.#takes('|')) parts.push(this.#sequence());
    return { kind: 'choice', parts };
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (!this.done && !/^[|)]/.test(this.rest)) parts.push(this.#quantified(this.#term()));
    return { kind: 'sequence', parts };
  }

  #term(): PatternNode {
    if (this.#takes('^')) return { kind: 'start' };
    if (this.#takes('$') || this.#takes('\\b') || this.#takes('\\B')) return { kind: 'condition' };
    const around = this.#match(/^\(\?<?[=!]/);
    const group = around ?? this.#match(/^\((?:\?:|\?<\w+>)?/);
    if (group === undefined) return { kind: 'character', source: this.#character() };
    const inside = this.choice();
    if (!this.#takes(')')) throw new SyntaxError(`no end of ${group}`);
    if (around === undefined) return inside;
    if (hasLoop(inside)) throw new SyntaxError(`a loop in ${around}`);
    return { kind: 'condition' };
  }

  #character(): string {
    const source = this.#match(character);
    if (source === undefined) throw new SyntaxError(`not understood from ${this.rest}`);
    return source;
  }

  #quantified(part: PatternNode): PatternNode {
    const { sign, min = '', comma, max } = quantifier.exec(this.rest)?.groups ?? {};
    if (this.#match(quantifier) === undefined) return part;
    if (sign !== undefined)
      return { kind: 'repeat', part, min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : Infinity };
    const most = comma === undefined ? Number(min) : max === '' ? Infinity : Number(max);
    return { kind: 'repeat', part, min: Number(min), max: most };
  }

  #takes(text: string): boolean {
    if (!this.rest.startsWith(text)) return false;
    this.rest = this.rest.slice(text.length);
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    const [found] = pattern.exec(this.rest) ?? [];
    if (found !== undefined) this.rest = this.rest.slice(found.length);
    return found;
  }
}

function hasLoop(node: PatternNode): boolean {
  if (node.kind === 'repeat') return node.max === Infinity || hasLoop(node.part);
  return 'parts' in node && node.parts.some(hasLoop);
}
