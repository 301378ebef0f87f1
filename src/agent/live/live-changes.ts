import { minuteMs, secondMs } from '../../base/index.ts';
import type { WatchReport } from '../../files/index.ts';

/** A change rests so long before it is saved: whoever writes a file writes more of it in a moment. */
const restMs = secondMs;
/** What never rests is saved so long after it was first changed. */
const longestMs = 45 * secondMs;
/** So many files, and directories, are told apart. */
const maxTold = 10_000;

/** What has changed and is to be saved. Paths are raw, as latin1. */
export interface TakenChanges {
  readonly isWhole: boolean;
  /** Directories whose entries are to be looked at. */
  readonly directories: readonly string[];
  /** Directories with all that is in them. */
  readonly trees: readonly string[];
}

interface Change {
  firstMs: number;
  lastMs: number;
}

/**
 * What has changed in a set since it was saved, and when that is to be: each change soon after the file rests that it is in, though others
 * change on and on. Of very many, no more than their directories are kept, and of very many of those that there are.
 */
export class LiveChanges {
  readonly #files = new Map<string, Change>();
  readonly #trees = new Map<string, Change>();
  readonly #directories = new Set<string>();
  /** Since when all that cannot be told apart is to be saved. */
  #crowd: Change | undefined;
  #isWhole = false;

  get isEmpty(): boolean {
    return this.#files.size + this.#trees.size === 0 && this.#crowd === undefined;
  }

  note({ changed, trees, isWhole }: Pick<WatchReport, 'changed' | 'trees' | 'isWhole'>, nowMs: number): void {
    for (const path of changed) {
      if (this.#directories.has(parentOf(path))) this.#crowd = changedAt(this.#crowd, nowMs);
      else this.#files.set(path, changedAt(this.#files.get(path), nowMs));
    }
    for (const path of trees) this.#trees.set(path, changedAt(this.#trees.get(path), nowMs));
    if (isWhole) {
      this.#isWhole = true;
      this.#crowd = changedAt(this.#crowd, nowMs);
    }
    this.#bound(nowMs);
  }

  /** When the next of it is to be saved; undefined when nothing has changed. Never later than a minute from now, whatever the clock did. */
  dueMs(nowMs: number): number | undefined {
    if (this.isEmpty) return undefined;
    let dueMs = nowMs + longestMs;
    for (const changes of [this.#files, this.#trees])
      for (const change of changes.values()) dueMs = Math.min(dueMs, dueOf(change));
    return this.#crowd === undefined ? dueMs : Math.min(dueMs, dueOf(this.#crowd));
  }

  /** All of it, which is nobody's any more. */
  take(): TakenChanges {
    const directories = new Set(this.#directories);
    for (const path of this.#files.keys()) directories.add(parentOf(path));
    const taken = { isWhole: this.#isWhole, directories: [...directories], trees: [...this.#trees.keys()] };
    this.#files.clear();
    this.#trees.clear();
    this.#directories.clear();
    this.#crowd = undefined;
    this.#isWhole = false;
    return taken;
  }

  /** What was taken, and could not be saved. */
  giveBack({ isWhole, directories, trees }: TakenChanges, nowMs: number): void {
    for (const path of directories) this.#directories.add(path);
    if (directories.length > 0) this.#crowd = changedAt(this.#crowd, nowMs);
    this.note({ changed: [], trees, isWhole }, nowMs);
  }

  #bound(nowMs: number): void {
    if (this.#files.size > maxTold) {
      for (const path of this.#files.keys()) this.#directories.add(parentOf(path));
      this.#files.clear();
      this.#crowd = changedAt(this.#crowd, nowMs);
    }
    if (this.#directories.size <= maxTold && this.#trees.size <= maxTold) return;
    this.#directories.clear();
    this.#trees.clear();
    this.#isWhole = true;
    this.#crowd = changedAt(this.#crowd, nowMs);
  }
}

function changedAt(change: Change | undefined, nowMs: number): Change {
  return { firstMs: change?.firstMs ?? nowMs, lastMs: nowMs };
}

function dueOf({ firstMs, lastMs }: Change): number {
  return Math.min(lastMs + restMs, firstMs + longestMs);
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}

/** A live backup that failed is tried again after so long, twice as long each time. */
const firstPauseMs = minuteMs;
const longestPauseMs = 15 * minuteMs;

/** How long to wait after so many failures in a row. */
export function pauseAfter(failures: number): number {
  return failures === 0 ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures - 1, 10));
}
