import { createHash } from 'node:crypto';
import type { Bytes } from '../../base/index.ts';
import type { BlobType } from '../format/blob.ts';
import { packOverhead } from '../format/pack-header.ts';
import { unitOverhead } from '../format/unit.ts';
import { BlockChain, type BlockSource } from './block-chain.ts';
import { plaintextSlack, type UnitWriter } from './unit-writer.ts';

/** From this size on a pack is closed. */
export const packTargetBytes = 16 * 2 ** 20;

/** The longest entry of a header: kind, stored length, plain length, id. */
const entryBytes = 41;

/** A blob as it goes into a pack. */
export interface StoredBlob {
  readonly type: BlobType;
  /** Raw id, 32 bytes. */
  readonly id: Bytes;
  /** A zstd frame, or the plaintext itself; {@link plaintextSlack} bytes more lie behind its `length`. */
  readonly bytes: Bytes;
  readonly length: number;
  /** Set when `bytes` is a zstd frame. */
  readonly plainLength: number | undefined;
}

/** A finished pack. */
export interface BuiltPack {
  /** SHA-256 of its bytes. */
  readonly id: Bytes;
  readonly body: readonly Uint8Array[];
  readonly size: number;
  /** The plaintext of its header. */
  readonly header: Bytes;
}

/** One open pack (restic design document, "Pack Format"). */
export class PackBuilder {
  readonly #chain: BlockChain;
  readonly #writer: UnitWriter;
  #header: Buffer = Buffer.allocUnsafeSlow(4096);
  #headerLength = 0;

  constructor(source: BlockSource, writer: UnitWriter) {
    this.#chain = new BlockChain(source);
    this.#writer = writer;
  }

  /** The size the pack would have if it were finished now. */
  get size(): number {
    return this.#chain.size + this.#headerLength + packOverhead;
  }

  /** The size of its header's plaintext. */
  get headerSize(): number {
    return this.#headerLength;
  }

  /** Seals the blob and appends it; the bytes it took in the pack. */
  add(blob: StoredBlob): number {
    this.#writer.write(this.#chain, blob.bytes, blob.length);
    this.#addEntry(blob);
    return blob.length + unitOverhead;
  }

  /** Closes the pack; nothing can be added any more. */
  finish(): BuiltPack {
    this.#writer.write(this.#chain, this.#header, this.#headerLength);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(this.#headerLength + unitOverhead);
    this.#chain.append(length);
    const body = this.#chain.views;
    const sum = createHash('sha256');
    for (const view of body) sum.update(view);
    const header = Uint8Array.from(this.#header.subarray(0, this.#headerLength));
    return { id: sum.digest(), body, size: this.#chain.size, header };
  }

  #addEntry(blob: StoredBlob): void {
    if (this.#headerLength + entryBytes + plaintextSlack > this.#header.length) this.#growHeader();
    const isCompressed = blob.plainLength !== undefined;
    let at = this.#headerLength;
    at = this.#header.writeUInt8((blob.type === 'tree' ? 1 : 0) + (isCompressed ? 2 : 0), at);
    at = this.#header.writeUInt32LE(blob.length + unitOverhead, at);
    if (blob.plainLength !== undefined) at = this.#header.writeUInt32LE(blob.plainLength, at);
    this.#header.set(blob.id, at);
    this.#headerLength = at + blob.id.length;
  }

  #growHeader(): void {
    const grown = Buffer.allocUnsafeSlow(this.#header.length * 2);
    grown.set(this.#header);
    this.#header = grown;
  }
}

/** The most that a blob of `length` stored bytes makes its pack grow by. */
export function packGrowth(length: number): number {
  return length + unitOverhead + entryBytes;
}
