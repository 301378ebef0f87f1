import type { Readable } from 'node:stream';
import { type Bytes, errorRow, isHoldfastError } from '../base/index.ts';
import { ForwardingStore } from './forwarding-store.ts';
import type { ObjectRef, ObjectStore, ReadOptions } from './object-store.ts';

/**
 * A store that is read from copies, object by object, where it does not have one, cannot read it or is not reached. What is there,
 * and what is written, is the first store's alone.
 */
export class FallbackStore extends ForwardingStore {
  readonly #copiesOf: (ref: ObjectRef) => Promise<readonly ObjectStore[]>;

  /** `copiesOf` names the copies that may have an object, the nearest first; it is asked once the store itself has failed. */
  constructor(inner: ObjectStore, copiesOf: (ref: ObjectRef) => Promise<readonly ObjectStore[]>) {
    super(inner);
    this.#copiesOf = copiesOf;
  }

  override stat(ref: ObjectRef, options: { signal?: AbortSignal } = {}): Promise<number> {
    return this.#firstOf(ref, options.signal, (store) => store.stat(ref, options));
  }

  override read(ref: ObjectRef, options: ReadOptions = {}): Promise<Bytes> {
    return this.#firstOf(ref, options.signal, (store) => store.read(ref, options));
  }

  override stream(ref: ObjectRef, options: ReadOptions = {}): Promise<Readable> {
    return this.#firstOf(ref, options.signal, (store) => store.stream(ref, options));
  }

  /** What the first store says is thrown where no copy has it either. */
  async #firstOf<T>(
    ref: ObjectRef,
    signal: AbortSignal | undefined,
    ask: (store: ObjectStore) => Promise<T>,
  ): Promise<T> {
    try {
      return await ask(this.inner);
    } catch (error) {
      if (!isLack(error) || signal?.aborted === true) throw error;
      for (const copy of await this.#copiesOf(ref)) {
        const found = await ask(copy).then(
          (value) => ({ value }),
          () => undefined,
        );
        signal?.throwIfAborted();
        if (found !== undefined) return found.value;
      }
      throw error;
    }
  }
}

/** Whether a copy may have what a store failed to give: what is refused is refused everywhere. */
function isLack(error: unknown): boolean {
  if (isHoldfastError(error, 'object_not_found', 'object_corrupt', 'storage_failed', 'store_missing'))
    return true;
  return isHoldfastError(error) && errorRow(error.code).passing === true;
}
