import { opendir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Clock, dayMs, type Log, minuteMs, systemErrorCode } from '../base/index.ts';
import type { StorageEvent } from './storage-handler.ts';

/** One figure of a store. */
export interface StoreFigure {
  readonly name: string;
  readonly help: string;
  readonly value: number;
}

export interface StoreMeterOptions {
  readonly directory: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/** So many files are looked at between two rests: others read the same disk. */
const filesAtOnce = 200;
const restMs = 10;
const walkEveryMs = dayMs;
/** Where it could not be walked, as when its disk is not mounted. */
const walkAgainMs = 10 * minuteMs;

/**
 * How large a store is and how much room there is. The store is walked once a day, slowly, from the first time on that somebody asks; between two
 * walks what comes is added. Nobody waits for a walk: until the first is over its size is not told.
 */
export class StoreMeter {
  readonly #options: StoreMeterOptions;
  readonly #ended = new AbortController();
  #bytes: number | undefined;
  #nextWalkMs = Number.NEGATIVE_INFINITY;
  #walking: Promise<void> | undefined;
  /** What came while it is walked. */
  #meanwhile = 0;

  constructor(options: StoreMeterOptions) {
    this.#options = options;
  }

  /** Something was stored; locks are gone before anybody asks. */
  stored({ method, status, type, receivedBytes }: StorageEvent): void {
    if (method !== 'POST' || status !== 200 || type === 'locks') return;
    this.#meanwhile += receivedBytes;
    if (this.#bytes !== undefined) this.#bytes += receivedBytes;
  }

  /** What is known now. */
  async measure(): Promise<StoreFigure[]> {
    this.#walkWhenDue();
    const size =
      this.#bytes === undefined
        ? []
        : [
            {
              name: 'holdfast_store_size_bytes',
              help: 'Bytes of all files in the store.',
              value: this.#bytes,
            },
          ];
    return [...size, ...(await this.#room())];
  }

  /** Waits for what is under way to stop. */
  async close(): Promise<void> {
    this.#ended.abort();
    await this.#walking;
  }

  async #room(): Promise<StoreFigure[]> {
    try {
      const { bavail, blocks, bsize } = await statfs(this.#options.directory);
      return [
        {
          name: 'holdfast_store_free_bytes',
          help: 'Bytes that can still be stored on the disk of the store.',
          value: bavail * bsize,
        },
        {
          name: 'holdfast_store_capacity_bytes',
          help: 'Bytes of the disk of the store.',
          value: blocks * bsize,
        },
      ];
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error;
      return [];
    }
  }

  #walkWhenDue(): void {
    const nowMs = this.#options.clock.now();
    // After a clock was set back it is not waited for longer than ever.
    const isDue = nowMs >= this.#nextWalkMs || this.#nextWalkMs - nowMs > walkEveryMs;
    if (!isDue || this.#walking !== undefined || this.#ended.signal.aborted) return;
    this.#meanwhile = 0;
    this.#nextWalkMs = nowMs + walkEveryMs;
    this.#walking = this.#walk()
      .catch((error: unknown) => {
        this.#bytes = undefined;
        this.#nextWalkMs = nowMs + walkAgainMs;
        if (!this.#ended.signal.aborted)
          this.#options.log.warn('the size of the store is not known', { error });
      })
      .finally(() => {
        this.#walking = undefined;
      });
  }

  async #walk(): Promise<void> {
    const beganMs = this.#options.clock.now();
    let bytes = 0;
    let files = 0;
    const { directory } = this.#options;
    // One that is not there is not empty.
    await stat(directory);
    const directories = [directory];
    for (let next = directories.pop(); next !== undefined; next = directories.pop()) {
      for (const entry of await entriesOf(next)) {
        if (entry.isDirectory()) directories.push(join(next, entry.name));
        else if (entry.isFile()) bytes += await sizeBefore(join(next, entry.name), beganMs);
        files += 1;
        if (files % filesAtOnce === 0) await setTimeout(restMs, undefined, { signal: this.#ended.signal });
      }
    }
    this.#bytes = bytes + this.#meanwhile;
  }
}

/** What was removed since its folder was read is not there. */
async function entriesOf(
  directory: string,
): Promise<{ name: string; isDirectory(): boolean; isFile(): boolean }[]> {
  try {
    return await Array.fromAsync(await opendir(directory));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Nothing for a file that came since then, which was counted when it did. */
async function sizeBefore(path: string, momentMs: number): Promise<number> {
  try {
    const { size, mtimeMs } = await stat(path);
    return mtimeMs < momentMs ? size : 0;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return 0;
    throw error;
  }
}
