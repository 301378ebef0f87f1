import { toHex } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import { parsePackHeader } from '../format/pack-header.ts';
import type { Repository } from '../repository.ts';
import type { BlockPool } from './block-pool.ts';
import type { Changes } from './changes.ts';
import type { IndexWriter } from './index-writer.ts';
import type { PackReply } from './messages.ts';

/** How many packs are on their way to the store at once. */
const maxUploads = 3;

/** Stores finished packs straight from the shared memory, and gives their blocks back. */
export class PackUploader {
  readonly #repository: Repository;
  readonly #pool: BlockPool;
  readonly #index: IndexWriter;
  readonly #changes: Changes;
  readonly #signal: AbortSignal;
  readonly #waiting: PackReply[] = [];
  readonly #uploads = new Set<Promise<void>>();

  constructor(parts: {
    readonly repository: Repository;
    readonly pool: BlockPool;
    readonly index: IndexWriter;
    readonly changes: Changes;
    readonly signal: AbortSignal;
  }) {
    this.#repository = parts.repository;
    this.#pool = parts.pool;
    this.#index = parts.index;
    this.#changes = parts.changes;
    this.#signal = parts.signal;
  }

  /** Whether everything that was taken is stored. */
  get isIdle(): boolean {
    return this.#uploads.size === 0 && this.#waiting.length === 0;
  }

  /** Resolves when nothing is being uploaded any more, failures or not. */
  async settled(): Promise<void> {
    await Promise.all(this.#uploads);
  }

  /** Takes a pack; failures go to `changes`. */
  take(pack: PackReply): void {
    this.#waiting.push(pack);
    this.#startNext();
  }

  #startNext(): void {
    if (this.#uploads.size >= maxUploads || this.#signal.aborted) return;
    const pack = this.#waiting.shift();
    if (!pack) return;
    const upload: Promise<void> = this.#upload(pack)
      .catch((error: unknown) => this.#changes.fail(error))
      .finally(() => {
        this.#uploads.delete(upload);
        this.#startNext();
        this.#changes.notify();
      });
    this.#uploads.add(upload);
  }

  async #upload({ id, size, body, blocks, header }: PackReply): Promise<void> {
    const name = toHex(id) as ObjectId;
    await this.#repository.store.write({ type: 'data', name }, body, { size, signal: this.#signal });
    this.#pool.release(blocks);
    await this.#index.add({ id: name, blobs: parsePackHeader(header, name) });
  }
}
