import { statSync } from 'node:fs';
import { asBuffer, type Bytes, systemErrorCode } from '../base/index.ts';
import type { FileStat } from './file-stat.ts';
import { PatternList } from './path-pattern.ts';

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
