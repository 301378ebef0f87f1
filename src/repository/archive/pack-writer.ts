import { createHash } from 'node:crypto';
import type { Bytes } from '../../base/index.ts';
import type { BlobType } from '../format/blob.ts';
import { ZstdEncoder } from '../format/compression.ts';
import type { RepositoryVersion } from '../format/config.ts';
import { maxHeaderBytes, packOverhead } from '../format/pack-header.ts';
import { unitOverhead } from '../format/unit.ts';
import { type Arena, blockBytes, blocksPerPack, controlWords } from './arena.ts';
import type { PackReply } from './messages.ts';
import { BlockChain, type BlockSource, plaintextSlack, type UnitWriter } from './unit-writer.ts';

/** Where packs are built. */
export interface PackSpace {
  /** The most that one pack may take, in bytes. */
  readonly capacity: number;
  /** Room for a new pack. `blocks` lists what is taken of the arena meanwhile. */
  open(): BlockSource & { readonly blocks: readonly number[] };
}

/** Keeps one pack open, and gives it away when it is full. */
export class PackWriter {
  readonly #space: PackSpace;
  readonly #writer: UnitWriter;
  readonly #onPack: (pack: PackReply) => void;
  #open: { readonly builder: PackBuilder; readonly blocks: readonly number[] } | undefined;

  constructor(space: PackSpace, writer: UnitWriter, onPack: (pack: PackReply) => void) {
    this.#space = space;
    this.#writer = writer;
    this.#onPack = onPack;
  }

  /** Adds a blob; the bytes it took. */
  add(blob: StoredBlob): number {
    if (this.#open && this.#open.builder.size + packGrowth(blob.length) > this.#space.capacity) this.flush();
    this.#open ??= this.#start();
    const packed = this.#open.builder.add(blob);
    if (isFull(this.#open.builder)) this.flush();
    return packed;
  }

  /** Gives away what is open. */
  flush(): void {
    if (this.#open === undefined) return;
    const { builder, blocks } = this.#open;
    this.#open = undefined;
    this.#onPack({ ...builder.finish(), blocks });
  }

  #start(): { readonly builder: PackBuilder; readonly blocks: readonly number[] } {
    const source = this.#space.open();
    return { builder: new PackBuilder(source, this.#writer), blocks: source.blocks };
  }
}

/** Leaves room for one more entry than a header may have. */
function isFull(builder: PackBuilder): boolean {
  return builder.size >= packTargetBytes || builder.headerSize + 64 > maxHeaderBytes;
}

/** From this size on a pack is closed. */
export const packTargetBytes = 16 * 2 ** 20;

/** The longest entry of a header: kind, stored length, plain length, id. */
const entryBytes = 41;

/** A blob as it goes into a pack. */
interface StoredBlob {
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
interface BuiltPack {
  /** SHA-256 of its bytes. */
  readonly id: Bytes;
  readonly body: readonly Uint8Array[];
  readonly size: number;
  /** The plaintext of its header. */
  readonly header: Bytes;
}

/** One open pack (restic design document, "Pack Format"). */
class PackBuilder {
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
function packGrowth(length: number): number {
  return length + unitOverhead + entryBytes;
}

/**
 * zstd's level: 1 below this many bytes, 2 from there on. With it packs are within 3 % of restic's; level 1 for all would
 * store up to 29 % more of large files, and level 2 for all makes small ones slower, and no smaller.
 */
const levelTwoBytes = 64 * 1024;

/** Makes of plaintexts what goes into packs: compressed where the format allows it and it helps. */
export class BlobEncoder {
  readonly #version: RepositoryVersion;
  readonly #fast = new ZstdEncoder(1);
  readonly #dense = new ZstdEncoder(2);

  constructor(version: RepositoryVersion) {
    this.#version = version;
  }

  /**
   * Encodes the first `length` bytes of `plaintext`, behind which there are {@link plaintextSlack} more. What is
   * returned is good until the next call, and as long as `plaintext` is.
   */
  encode(type: BlobType, id: Bytes, plaintext: Bytes, length: number): StoredBlob {
    const plain: StoredBlob = { type, id, bytes: plaintext, length, plainLength: undefined };
    if (this.#version === 1 || length === 0) return plain;
    const encoder = length < levelTwoBytes ? this.#fast : this.#dense;
    const frame = encoder.encode(plaintext.subarray(0, length));
    // Directories are always compressed in version 2: restic's prune would repack others.
    if (frame.length >= length && type === 'data') return plain;
    const bytes = new Uint8Array(frame.buffer, frame.byteOffset, frame.length + plaintextSlack);
    return { type, id, bytes, length: frame.length, plainLength: length };
  }
}

const free = 0;
const taken = 1;

/** The blocks of the arena that packs are built in. Sealers take them, whoever uploaded a pack gives them back. */
export class BlockPool {
  readonly #arena: Arena;
  readonly #blocks: Int32Array;
  readonly #freed: Int32Array;

  constructor(arena: Arena) {
    const { blocks, blocksFreed } = controlWords(arena);
    this.#arena = arena;
    this.#blocks = blocks;
    this.#freed = blocksFreed;
  }

  /** Room for packs in the arena; taking more of it blocks the thread until there is some. Not for the main thread. */
  get packSpace(): PackSpace {
    return {
      capacity: blocksPerPack(this.#arena) * blockBytes,
      open: () => {
        const blocks: number[] = [];
        const take = (): Uint8Array => {
          const block = this.#take();
          blocks.push(block);
          return this.#view(block);
        };
        return { blocks, take };
      },
    };
  }

  /** Gives blocks back. */
  release(blocks: Iterable<number>): void {
    for (const block of blocks) Atomics.store(this.#blocks, block, free);
    Atomics.add(this.#freed, 0, 1);
    Atomics.notify(this.#freed, 0);
  }

  /** A block; waits, blocking its thread, until there is one. */
  #take(): number {
    for (;;) {
      const seen = Atomics.load(this.#freed, 0);
      for (let block = 0; block < this.#blocks.length; block++) {
        if (Atomics.compareExchange(this.#blocks, block, free, taken) === free) return block;
      }
      Atomics.wait(this.#freed, 0, seen);
    }
  }

  #view(block: number): Uint8Array {
    const { memory, blocks } = this.#arena;
    return new Uint8Array(memory.buffer, blocks.at + block * blockBytes, blockBytes);
  }
}
