import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { asBuffer, type Bytes, systemErrorCode } from '../base/index.ts';
import type { FileStat } from './file-stat.ts';
import { PatternList } from './path-pattern.ts';
import { joinPath } from './raw-path.ts';

/** What a walk leaves out. */
export interface IgnoreOptions {
  /** Patterns as restic's `--exclude`, those of exclude files among them. */
  readonly exclude?: readonly string[];
  /** The same whatever the case of letters. */
  readonly excludeAnyCase?: readonly string[];
  /** Files of more bytes. */
  readonly largerThan?: number;
  /** Of a directory with such a file, keep the directory and that file only. */
  readonly ifPresent?: readonly DirectoryTag[];
  /** What is on another file system than the path that is walked; of a directory there, itself is kept. */
  readonly oneFileSystem?: boolean;
  /** Of a directory with a valid CACHEDIR.TAG, keep the directory and its tag only. */
  readonly excludeCaches?: boolean;
  /** Directories never entered, whatever path, symlink or bind mount leads to them; those missing are no matter. */
  readonly forbidden?: readonly Bytes[];
}

/** A file that says of the directory it is in that the rest of it is to be left out. */
export interface DirectoryTag {
  /** Raw. */
  readonly name: Bytes;
  /** How it must begin. */
  readonly header?: Bytes;
}

/** {@link IgnoreOptions}, compiled. */
export class IgnoreRules {
  readonly oneFileSystem: boolean;
  readonly #largerThan: number;
  readonly #tags: readonly DirectoryTag[];
  readonly #patterns: PatternList;
  readonly #anyCase: PatternList;
  readonly #forbidden: ReadonlySet<string>;

  /** @throws HoldfastError `usage` for a malformed pattern, or the system's error for a forbidden directory that cannot be looked at */
  constructor(options: IgnoreOptions = {}) {
    const { excludeCaches = false, ifPresent = [], excludeAnyCase = [] } = options;
    this.oneFileSystem = options.oneFileSystem ?? false;
    this.#largerThan = options.largerThan ?? Infinity;
    this.#tags = excludeCaches ? [cacheTag, ...ifPresent] : ifPresent;
    this.#patterns = new PatternList(options.exclude ?? []);
    this.#anyCase = new PatternList(excludeAnyCase.map((pattern) => pattern.toLowerCase()));
    this.#forbidden = new Set((options.forbidden ?? []).flatMap(directoryKey));
  }

  /** Whether any path can be excluded at all: when not, paths need not be told apart. */
  get hasPatterns(): boolean {
    return !this.#patterns.isEmpty || !this.#anyCase.isEmpty;
  }

  /** @param components of the absolute path, as `pathText` gives them */
  isExcluded(components: readonly string[]): boolean {
    if (this.#patterns.match(components).matched) return true;
    if (this.#anyCase.isEmpty) return false;
    return this.#anyCase.match(components.map((name) => name.toLowerCase())).matched;
  }

  /** Whether a file is left out for its size. */
  isTooLarge({ kind, size }: FileStat): boolean {
    return kind === 'file' && size > this.#largerThan;
  }

  /** Of the names in a directory those that are kept: all, or what says that the others are not. */
  kept(directory: Bytes, names: readonly Bytes[]): readonly Bytes[] {
    for (const tag of this.#tags) {
      const found = names.filter((name) => Buffer.compare(name, tag.name) === 0);
      if (found.length > 0 && hasTag(directory, tag)) return found;
    }
    return names;
  }

  isForbidden(stat: Pick<FileStat, 'device' | 'inode'>): boolean {
    return this.#forbidden.has(keyOf(stat.device, stat.inode));
  }
}

function directoryKey(path: Bytes): string[] {
  try {
    const { dev, ino } = statSync(asBuffer(path), { bigint: true });
    return [keyOf(dev, ino)];
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function keyOf(device: bigint, inode: bigint): string {
  return `${device}:${inode}`;
}

/** The patterns of an exclude file: one a line; blank lines and lines that start with `#` say nothing. */
export function parseExcludeFile(text: string, environment: Readonly<NodeJS.ProcessEnv>): string[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => expandVariables(line, environment));
}

/** A `$`, then a name in braces, a name, a one-character name, or braces that hold no name. */
const variable = /\$(?:\{(\w+|[*#$@!?-])\}|(\w+)|([*#$@!?-])|\{[^}]*\}?)/g;

/** `$NAME` and `${NAME}` as the environment has them, nothing when it has not; `$$` is one `$`. As Go's `os.Expand`. */
function expandVariables(line: string, environment: Readonly<NodeJS.ProcessEnv>): string {
  return line.replace(variable, (_all, braced?: string, plain?: string, special?: string) => {
    const name = braced ?? plain ?? special ?? '';
    return name === '$' ? '$' : (environment[name] ?? '');
  });
}

/** The file that marks a directory as a cache (Cache Directory Tagging Specification). */
const cacheTag: DirectoryTag = {
  name: Buffer.from('CACHEDIR.TAG'),
  header: Buffer.from('Signature: 8a477f597d28d172789f06886806bc55'),
};

/** Whether a tag that is in `directory` begins as it must; not when that cannot be read. */
function hasTag(directory: Bytes, { name, header }: DirectoryTag): boolean {
  if (header === undefined) return true;
  const path = asBuffer(joinPath(directory, name));
  let handle: number;
  try {
    // Not blocking: somebody may have put a named pipe there.
    handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return false;
  }
  try {
    const start = Buffer.alloc(header.length);
    return (
      fstatSync(handle).isFile() &&
      readSync(handle, start, 0, start.length, 0) === start.length &&
      start.equals(header)
    );
  } catch {
    return false;
  } finally {
    closeSync(handle);
  }
}
