import type { Bytes } from '../../base/index.ts';
import { blockBytes } from './arena.ts';

/** Where the blocks of a chain come from: the arena, or ordinary memory for what does not fit there. */
export interface BlockSource {
  /** A new block of {@link blockBytes}. */
  take(): Uint8Array;
}

/** Bytes written one after the other into as many blocks as they need. */
export class BlockChain {
  readonly #source: BlockSource;
  readonly #blocks: Uint8Array[] = [];
  #size = 0;

  constructor(source: BlockSource) {
    this.#source = source;
  }

  /** How many bytes were written. */
  get size(): number {
    return this.#size;
  }

  /** What was written, as views. */
  get views(): Uint8Array[] {
    return this.#blocks.map((block, n) => block.subarray(0, this.#size - n * blockBytes));
  }

  /** @returns where the bytes are when all of them came to lie in one block, undefined when not */
  append(bytes: Bytes): Uint8Array | undefined {
    const first = this.#room();
    const fits = Math.min(bytes.length, first.length);
    first.set(bytes.subarray(0, fits));
    this.#size += fits;
    if (fits === bytes.length) return first.subarray(0, fits);
    this.append(bytes.subarray(fits));
    return undefined;
  }

  #room(): Uint8Array {
    const used = this.#size % blockBytes;
    const last = this.#blocks.at(-1);
    if (last !== undefined && this.#size < this.#blocks.length * blockBytes) return last.subarray(used);
    const block = this.#source.take();
    this.#blocks.push(block);
    return block;
  }
}
