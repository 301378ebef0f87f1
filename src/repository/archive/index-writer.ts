import { type Clock, minuteMs } from '../../base/index.ts';
import type { PackContents } from '../format/blob.ts';
import type { Repository } from '../repository.ts';

/** An index file is written as soon as so many blobs wait for it, or the first of them has waited so long. */
const fullBlobs = 50_000;
const fullMs = 10 * minuteMs;

/** Writes index files for packs that are stored, so that a run that is interrupted has not worked for nothing. */
export class IndexWriter {
  readonly #repository: Repository;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #mayWrite: Promise<unknown>;
  #packs: PackContents[] = [];
  #blobs = 0;
  #sinceMs = 0;

  /** @param options.mayWrite nothing is written before it resolves */
  constructor(repository: Repository, options: { signal: AbortSignal; mayWrite: Promise<unknown> }) {
    this.#repository = repository;
    this.#clock = repository.clock;
    this.#signal = options.signal;
    this.#mayWrite = options.mayWrite;
  }

  /** Takes note of a pack that is stored. */
  async add(pack: PackContents): Promise<void> {
    if (this.#packs.length === 0) this.#sinceMs = this.#clock.now();
    this.#packs.push(pack);
    this.#blobs += pack.blobs.length;
    if (this.#blobs >= fullBlobs || this.#clock.now() - this.#sinceMs >= fullMs) await this.flush();
  }

  /** Writes what waits. */
  async flush(): Promise<void> {
    if (this.#packs.length === 0) return;
    const packs = this.#packs;
    this.#packs = [];
    this.#blobs = 0;
    await this.#mayWrite;
    await this.#repository.saveIndex(packs, { signal: this.#signal });
  }
}
