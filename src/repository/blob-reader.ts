import { type Bytes, concatBytes, HoldfastError, isHoldfastError } from '../base/index.ts';
import type { ObjectId, ObjectStore } from '../storage/index.ts';
import { type BlobId, type BlobType, openBlob } from './format/blob.ts';
import type { BlobIndex, BlobLocation } from './format/blob-index.ts';
import type { UnitCipher } from './format/unit.ts';

/** How a blob is read. */
export interface BlobReadOptions {
  readonly signal?: AbortSignal;
  /** What lies beside it is wanted next; of directories that is always so. */
  readonly isNear?: boolean;
}

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
  async read(index: BlobIndex, type: BlobType, id: BlobId, options: BlobReadOptions = {}): Promise<Bytes> {
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
    { isNear = location.type === 'tree', ...options }: BlobReadOptions,
  ): Promise<Bytes> {
    const { pack, offset, length } = location;
    // Directories lie side by side in the order in which they are walked; file contents are fetched in bulk elsewhere.
    if (isNear) {
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

const blockBytes = 2 ** 19;
const maxBlocks = 32;

/** A part of a pack, and where the pack's last blob ends. */
export interface PackPart {
  readonly pack: ObjectId;
  readonly offset: number;
  readonly length: number;
  readonly packEnd: number;
}

/**
 * Reads small neighbouring parts of packs with few requests: whole blocks of 512 KiB are fetched and the last 16 MiB of
 * them kept. Without it, walking a snapshot would cost one request for each directory.
 */
class PackBlockCache {
  readonly #store: ObjectStore;
  readonly #blocks = new Map<string, Bytes>();

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** The bytes of a part of a pack. */
  async read(part: PackPart, options: { signal?: AbortSignal } = {}): Promise<Bytes> {
    const { pack, offset, length } = part;
    // What is larger than a block gains nothing from blocks.
    if (length > blockBytes) return this.#fetch(pack, offset, length, options);
    const first = Math.floor(offset / blockBytes);
    const last = Math.floor((offset + length - 1) / blockBytes);
    const start = offset - first * blockBytes;
    const head = await this.#block(part, first, options);
    if (first === last) return head.subarray(start, start + length);
    const tail = await this.#block(part, last, options);
    return concatBytes(head.subarray(start), tail.subarray(0, length - (head.length - start)));
  }

  async #block(part: PackPart, number: number, options: { signal?: AbortSignal }): Promise<Bytes> {
    const key = `${part.pack}/${number}`;
    const kept = this.#blocks.get(key);
    this.#blocks.delete(key);
    const offset = number * blockBytes;
    const length = Math.min(blockBytes, part.packEnd - offset);
    const block = kept ?? (await this.#fetch(part.pack, offset, length, options));
    this.#blocks.set(key, block);
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= maxBlocks) break;
      this.#blocks.delete(oldest);
    }
    return block;
  }

  async #fetch(
    name: ObjectId,
    offset: number,
    length: number,
    options: { signal?: AbortSignal },
  ): Promise<Bytes> {
    return this.#store.read({ type: 'data', name }, { ...options, keep: true, range: { offset, length } });
  }
}
