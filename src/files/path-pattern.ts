import { HoldfastError, isHoldfastError } from '../base/index.ts';

/** What a list of patterns says of one path. */
interface PatternMatch {
  /** The path is one of those meant. */
  readonly matched: boolean;
  /** Something below the path may be. */
  readonly childMayMatch: boolean;
}

/** One component of a pattern; `**` stands for any number of components, none included. */
type Part = Glob | '**';

interface PathPattern {
  readonly text: string;
  readonly negated: boolean;
  /** It starts with `/`: its first part meets the path's first component. */
  readonly rooted: boolean;
  readonly parts: readonly Part[];
}

/** How {@link PatternList} reads patterns. */
interface PatternOptions {
  /** A component that is the pattern letter by letter meets it too, and one that makes no pattern is a name. */
  readonly names?: boolean;
}

/**
 * A list of path patterns with restic's meaning (`restic help backup`, "Excluding Files"): a pattern is met by a path
 * when its components match a run of the path's, anywhere in it, or at its start for a pattern that begins with `/`.
 * So what lies below a path that is met is met too. `!` at the start takes back what patterns before it have met.
 */
export class PatternList {
  readonly #patterns: readonly PathPattern[];
  readonly #unmet: Set<PathPattern>;

  /** @throws HoldfastError `usage` naming the pattern that is malformed */
  constructor(patterns: readonly string[], options: PatternOptions = {}) {
    const compile = options.names === true ? compileName : compileGlob;
    this.#patterns = patterns
      .filter((pattern) => pattern !== '')
      .map((pattern) => parsePattern(pattern, compile));
    this.#unmet = new Set(this.#patterns.filter(({ negated }) => !negated));
  }

  /** The patterns that no path has met so far, as they were written. */
  get unmet(): readonly string[] {
    return [...this.#unmet].map(({ text }) => text);
  }

  get isEmpty(): boolean {
    return this.#patterns.length === 0;
  }

  /** Whether the last component of a path decides, as long as none above it is met: all are names, and none takes anything back. */
  get isOfNames(): boolean {
    return this.#patterns.every(({ rooted, negated, parts }) => !rooted && !negated && parts.length === 1);
  }

  /** @param components of the absolute path, the root not counted: `['home', 'ann']` for `/home/ann` */
  match(components: readonly string[]): PatternMatch {
    let matched = false;
    let childMayMatch = false;
    for (const pattern of this.#patterns) {
      const meets = meetsSomewhere(pattern, components);
      if (meets) this.#unmet.delete(pattern);
      matched = pattern.negated ? matched && !meets : matched || meets;
      childMayMatch = pattern.negated
        ? childMayMatch && !meets
        : childMayMatch || mayMeetBelow(pattern, components);
    }
    return { matched, childMayMatch };
  }
}

/** A component that is written just so is meant too, whatever it holds: names copied from a list need no `\\`. */
function compileName(text: string): Glob {
  const glob = globOf(text);
  return (name) => isShownAs(name, text) || glob(name);
}

/** A list shows `?` for what would steer a terminal, and a terminal U+FFFD for what is no UTF-8. */
function isShownAs(name: string, text: string): boolean {
  if (name === text) return true;
  if (name.length !== text.length || !/[?\ufffd]/.test(text)) return false;
  return Array.prototype.every.call(name, (unit: string, at) => {
    const shown = text[at];
    return shown === unit || shown === '?' || (shown === '\ufffd' && /[\udc80-\udcff]/.test(unit));
  });
}

function globOf(text: string): Glob {
  try {
    return compileGlob(text);
  } catch (error) {
    if (!isHoldfastError(error, 'usage')) throw error;
    return () => false;
  }
}

function parsePattern(text: string, compile: (name: string) => Glob): PathPattern {
  const negated = text.startsWith('!');
  const path = cleanPath(negated ? text.slice(1) : text);
  const rooted = path.startsWith('/');
  const names = (rooted ? path.slice(1) : path).split('/').filter((name) => name !== '');
  return { text, negated, rooted, parts: names.map((name) => (name === '**' ? '**' : compile(name))) };
}

/** As Go's `filepath.Clean`: no empty and no `.` components, `..` takes away the one before it. */
function cleanPath(path: string): string {
  const kept: string[] = [];
  const rooted = path.startsWith('/');
  for (const name of path.split('/')) {
    if (name === '' || name === '.') continue;
    if (name === '..' && kept.length > 0 && kept.at(-1) !== '..') kept.pop();
    else if (name !== '..' || !rooted) kept.push(name);
  }
  return (rooted ? '/' : '') + (kept.join('/') || (rooted ? '' : '.'));
}

function meetsSomewhere({ rooted, parts }: PathPattern, components: readonly string[]): boolean {
  const lastStart = rooted ? 0 : components.length;
  for (let start = 0; start <= lastStart; start++) {
    if (meetsFrom(parts, components, start)) return true;
  }
  return false;
}

/** Whether the parts match a run of components that starts at `start`; as with a glob, only the last `**` takes more. */
function meetsFrom(parts: readonly Part[], components: readonly string[], start: number): boolean {
  let part = 0;
  let at = start;
  let star = -1;
  let taken = 0;
  while (part < parts.length) {
    const now = parts[part];
    const component = components[at];
    if (now === '**') {
      star = part++;
      taken = at;
    } else if (component !== undefined && now?.(component) === true) {
      part++;
      at++;
    } else if (star >= 0 && component !== undefined) {
      part = star + 1;
      at = ++taken;
    } else return false;
  }
  return true;
}

/** A relative pattern can start at any depth; a rooted one must agree with the path as far as both go. */
function mayMeetBelow({ rooted, parts }: PathPattern, components: readonly string[]): boolean {
  if (!rooted) return true;
  for (const [at, part] of parts.entries()) {
    const component = components[at];
    if (part === '**' || component === undefined) return true;
    if (!part(component)) return false;
  }
  return true;
}

/** A test of one path component. */
type Glob = (name: string) => boolean;

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
function compileGlob(pattern: string): Glob {
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
