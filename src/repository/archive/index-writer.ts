import { type Bytes, type Clock, minuteMs } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import type { PackContents } from '../format/blob.ts';
import { parsePackHeader } from '../format/pack-header.ts';
import type { Repository } from '../repository.ts';
import type { LostContent } from './lost-content.ts';

/** An index file is written as soon as so many blobs wait for it, or the first of them has waited so long. */
const fullBlobs = 50_000;
const fullMs = 10 * minuteMs;
/** Of a compressed blob in a header; nearly all are. */
const entryBytes = 41;

/** Writes index files for packs that are stored, so that a run that is interrupted has not worked for nothing. */
export class IndexWriter {
  readonly #repository: Repository;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #mayWrite: Promise<unknown>;
  readonly #lost: LostContent;
  /** As headers, which take a tenth of the memory. */
  #packs: { readonly id: ObjectId; readonly header: Bytes }[] = [];
  #blobs = 0;
  #sinceMs = 0;

  /**
   * @param options.mayWrite nothing is written before it resolves
   * @param options.lost told of what comes back
   */
  constructor(
    repository: Repository,
    options: { signal: AbortSignal; mayWrite: Promise<unknown>; lost: LostContent },
  ) {
    this.#lost = options.lost;
    this.#repository = repository;
    this.#clock = repository.clock;
    this.#signal = options.signal;
    this.#mayWrite = options.mayWrite;
  }

  /** Takes note of a pack that is stored, by the plaintext of its header. */
  async add(id: ObjectId, header: Bytes): Promise<void> {
    if (this.#packs.length === 0) this.#sinceMs = this.#clock.now();
    this.#packs.push({ id, header });
    if (!this.#lost.isEmpty) this.#lost.find(parsePackHeader(header, id));
    this.#blobs += Math.floor(header.length / entryBytes);
    if (this.#blobs >= fullBlobs || this.#clock.now() - this.#sinceMs >= fullMs) await this.flush();
  }

  /** Writes what waits. */
  async flush(): Promise<void> {
    if (this.#packs.length === 0) return;
    const packs = this.#packs;
    this.#packs = [];
    this.#blobs = 0;
    await this.#mayWrite;
    await this.#repository.saveIndex(contents(packs), { signal: this.#signal });
  }
}

function* contents(packs: Iterable<{ id: ObjectId; header: Bytes }>): Generator<PackContents> {
  for (const { id, header } of packs) yield { id, blobs: parsePackHeader(header, id) };
}
