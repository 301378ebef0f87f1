import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { asBuffer, type Bytes, systemErrorCode } from '../base/index.ts';
import type { FileStat } from './file-stat.ts';
import { PatternList } from './path-pattern.ts';
import { joinPath } from './raw-path.ts';

/** What a walk leaves out. */
export interface IgnoreOptions {
  /** Patterns as restic's `--exclude`, those of exclude files among them. */
  readonly exclude?: readonly string[];
  /** Of a directory with a valid CACHEDIR.TAG, keep the directory and its tag only. */
  readonly excludeCaches?: boolean;
  /** Directories never entered, whatever path, symlink or bind mount leads to them; those missing are no matter. */
  readonly forbidden?: readonly Bytes[];
}

/** {@link IgnoreOptions}, compiled. */
export class IgnoreRules {
  readonly excludeCaches: boolean;
  readonly #patterns: PatternList;
  readonly #forbidden: ReadonlySet<string>;

  /** @throws HoldfastError `usage` for a malformed pattern, or the system's error for a forbidden directory that cannot be looked at */
  constructor(options: IgnoreOptions = {}) {
    this.excludeCaches = options.excludeCaches ?? false;
    this.#patterns = new PatternList(options.exclude ?? []);
    this.#forbidden = new Set((options.forbidden ?? []).flatMap(directoryKey));
  }

  /** Whether any path can be excluded at all: when not, paths need not be told apart. */
  get hasPatterns(): boolean {
    return !this.#patterns.isEmpty;
  }

  /** @param components of the absolute path, as `pathText` gives them */
  isExcluded(components: readonly string[]): boolean {
    return this.#patterns.match(components).matched;
  }

  isForbidden(stat: FileStat): boolean {
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
export const cacheTagName: Bytes = Buffer.from('CACHEDIR.TAG');

const signature = Buffer.from('Signature: 8a477f597d28d172789f06886806bc55');

/** Whether `directory`'s tag file starts with the signature; false when there is none or it cannot be read. */
export function hasCacheTag(directory: Bytes): boolean {
  const path = asBuffer(joinPath(directory, cacheTagName));
  let handle: number;
  try {
    // Not blocking: somebody may have put a named pipe there.
    handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return false;
  }
  try {
    const start = Buffer.alloc(signature.length);
    return (
      fstatSync(handle).isFile() &&
      readSync(handle, start, 0, start.length, 0) === start.length &&
      start.equals(signature)
    );
  } catch {
    return false;
  } finally {
    closeSync(handle);
  }
}
