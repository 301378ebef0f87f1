import { type Bytes, type Clock, minuteMs, toHex } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import type { PackContents } from '../format/blob.ts';
import { parsePackHeader } from '../format/pack-header.ts';
import type { Repository } from '../repository.ts';
import type { Changes } from './archive-options.ts';
import type { LostContent } from './known-blobs.ts';
import type { PackReply } from './messages.ts';

/** How many packs are on their way to the store at once. */
const maxUploads = 3;

interface Waiting {
  readonly pack: PackReply;
  readonly onSent: () => void;
}

/** Stores finished packs straight from the memory in which they were built. */
export class PackUploader {
  readonly #repository: Repository;
  readonly #index: IndexWriter;
  readonly #changes: Changes;
  readonly #signal: AbortSignal;
  readonly #mayWrite: Promise<unknown>;
  readonly #waiting: Waiting[] = [];
  readonly #uploads = new Set<Promise<void>>();

  constructor(parts: {
    readonly repository: Repository;
    readonly index: IndexWriter;
    readonly changes: Changes;
    readonly signal: AbortSignal;
    /** Nothing is written before it resolves. */
    readonly mayWrite: Promise<unknown>;
  }) {
    this.#repository = parts.repository;
    this.#index = parts.index;
    this.#changes = parts.changes;
    this.#signal = parts.signal;
    this.#mayWrite = parts.mayWrite;
  }

  /** Whether everything that was taken is stored. */
  get isIdle(): boolean {
    return this.#uploads.size === 0 && this.#waiting.length === 0;
  }

  /** Resolves when nothing is being uploaded any more, failures or not. */
  async settled(): Promise<void> {
    await Promise.all(this.#uploads);
  }

  /** Takes a pack; `onSent` is called when its bytes are needed no more. Failures go to `changes`. */
  take(pack: PackReply, onSent: () => void = () => {}): void {
    this.#waiting.push({ pack, onSent });
    this.#startNext();
  }

  #startNext(): void {
    if (this.#uploads.size >= maxUploads || this.#signal.aborted) return;
    const next = this.#waiting.shift();
    if (!next) return;
    const upload: Promise<void> = this.#upload(next)
      .catch((error: unknown) => this.#changes.fail(error))
      .finally(() => {
        this.#uploads.delete(upload);
        this.#startNext();
        this.#changes.notify();
      });
    this.#uploads.add(upload);
  }

  async #upload({ pack: { id, size, body, header }, onSent }: Waiting): Promise<void> {
    const name = toHex(id) as ObjectId;
    await this.#mayWrite;
    await this.#repository.store.write({ type: 'data', name }, body, { size, signal: this.#signal });
    onSent();
    await this.#index.add(name, header);
  }
}

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
