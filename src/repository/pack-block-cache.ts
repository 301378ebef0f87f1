import { type Bytes, concatBytes } from '../base/index.ts';
import type { ObjectId, ObjectStore } from '../storage/index.ts';

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
export class PackBlockCache {
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
