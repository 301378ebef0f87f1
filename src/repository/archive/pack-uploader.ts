import { toHex } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import type { Repository } from '../repository.ts';
import type { Changes } from './changes.ts';
import type { IndexWriter } from './index-writer.ts';
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
