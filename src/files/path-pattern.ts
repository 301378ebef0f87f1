import { isHoldfastError } from '../base/index.ts';
import { compileGlob, type Glob } from './glob.ts';

/** What a list of patterns says of one path. */
export interface PatternMatch {
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
export interface PatternOptions {
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
