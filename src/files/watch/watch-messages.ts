import type { Bytes } from '../../base/index.ts';
import type { IgnoreOptions } from '../ignore-rules.ts';

/** What is to be watched. */
export interface WatchOptions extends IgnoreOptions {
  /** Absolute, raw. */
  readonly paths: readonly Bytes[];
  /** More directories than these are watched by their file systems, where that may be; 131,072 unless said. */
  readonly maxDirectories?: number;
}

/** To the thread that watches. */
export type WatchCommand =
  | { readonly kind: 'watch'; readonly id: string; readonly options: WatchOptions }
  | { readonly kind: 'unwatch'; readonly id: string }
  | { readonly kind: 'end' };

/**
 * Why events alone do not tell what has changed somewhere: the kernel's queue was full; what is mounted there is another thing now; the file
 * system tells nobody what others change; there are more directories, or more who watch, than the kernel allows.
 */
export type WatchGap = 'overflow' | 'mount' | 'silent' | 'limit';

/** A place where events alone do not tell what has changed. */
export interface GapPlace {
  readonly path: string;
  readonly why: WatchGap;
}

/** What has happened to what is watched under `id`. Paths are raw, as latin1, and name what was there at that time. */
export interface WatchReport {
  readonly id: string;
  /** Files, and directories as far as they are entries of others, that came, went, or have changed. */
  readonly changed: readonly string[];
  /** Directories of which anything may have changed. */
  readonly trees: readonly string[];
  /** That anything at all may have changed. */
  readonly isWhole: boolean;
  /** Why some of `trees`, or all, are told of. */
  readonly gaps: readonly GapPlace[];
  /** Where nothing tells what changes from now on, all such places. */
  readonly blind: readonly GapPlace[];
  /** How many directories are watched, each by itself. */
  readonly directories: number;
  /** How many file systems are watched in their place, whole. */
  readonly fileSystems: number;
}
