import { type Bytes, HoldfastError, isHoldfastError } from '../base/index.ts';
import type { ObjectStore } from '../storage/index.ts';
import { type BlobId, type BlobType, openBlob } from './format/blob.ts';
import type { BlobIndex, BlobLocation } from './format/blob-index.ts';
import type { UnitCipher } from './format/unit.ts';
import { PackBlockCache } from './pack-block-cache.ts';

/** Reads single blobs where the index says they are, and elsewhere when they are damaged there. */
export class BlobReader {
  readonly #store: ObjectStore;
  readonly #cipher: UnitCipher;
  readonly #blocks: PackBlockCache;

  constructor(store: ObjectStore, cipher: UnitCipher) {
    this.#store = store;
    this.#cipher = cipher;
    this.#blocks = new PackBlockCache(store);
  }

  /**
   * The plaintext of a blob, checked against its id. `repository_damaged` names the blob and its pack when it is in no
   * pack that the index knows, or in none of them whole.
   */
  async read(
    index: BlobIndex,
    type: BlobType,
    id: BlobId,
    options: { signal?: AbortSignal } = {},
  ): Promise<Bytes> {
    const failures: HoldfastError[] = [];
    for (const location of index.locate(type, id)) {
      try {
        return openBlob(this.#cipher, await this.#readUnit(index, location, options), location);
      } catch (error) {
        if (!isDamage(error)) throw error;
        failures.push(new HoldfastError('repository_damaged', `pack ${location.pack}: ${error.message}`));
      }
    }
    throw failures[0] ?? new HoldfastError('repository_damaged', `${type} blob ${id} is in no index`);
  }

  async #readUnit(
    index: BlobIndex,
    location: BlobLocation,
    options: { signal?: AbortSignal },
  ): Promise<Bytes> {
    const { pack, offset, length } = location;
    // Directories lie side by side in the order in which they are walked; file contents are fetched in bulk elsewhere.
    if (location.type === 'tree') {
      return this.#blocks.read({ pack, offset, length, packEnd: index.packEnd(pack) }, options);
    }
    return this.#store.read({ type: 'data', name: pack }, { ...options, range: { offset, length } });
  }
}

/** Whether another copy may be better: what is damaged or gone here can be whole there, a lost connection cannot. */
function isDamage(error: unknown): error is HoldfastError {
  return isHoldfastError(
    error,
    'repository_damaged',
    'object_not_found',
    'object_corrupt',
    'range_not_satisfiable',
    'storage_failed',
  );
}
