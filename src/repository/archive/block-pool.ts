import { type Arena, blockBytes, blocksPerPack, controlWords } from './arena.ts';
import type { PackSpace } from './pack-writer.ts';

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
