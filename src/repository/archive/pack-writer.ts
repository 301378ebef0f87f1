import { maxHeaderBytes } from '../format/pack-header.ts';
import { type Arena, blockBytes, blocksPerPack } from './arena.ts';
import type { BlockSource } from './block-chain.ts';
import type { BlockPool } from './block-pool.ts';
import type { PackReply } from './messages.ts';
import { PackBuilder, packGrowth, packTargetBytes, type StoredBlob } from './pack-builder.ts';
import type { UnitWriter } from './unit-writer.ts';

interface OpenPack {
  readonly builder: PackBuilder;
  readonly blocks: number[];
}

/** Keeps one pack of a type open, and gives each away when it is full. */
export class PackWriter {
  readonly #pool: BlockPool;
  readonly #writer: UnitWriter;
  readonly #capacity: number;
  readonly #onPack: (pack: PackReply) => void;
  #open: OpenPack | undefined;

  constructor(arena: Arena, pool: BlockPool, writer: UnitWriter, onPack: (pack: PackReply) => void) {
    this.#pool = pool;
    this.#writer = writer;
    this.#capacity = blocksPerPack(arena) * blockBytes;
    this.#onPack = onPack;
  }

  /** Adds a blob; the bytes it took. */
  add(blob: StoredBlob): number {
    const growth = packGrowth(blob.length);
    if (this.#open && this.#open.builder.size + growth > this.#capacity) this.flush();
    this.#open ??= growth > this.#capacity / 2 ? this.#startOutside() : this.#startInArena();
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

  #startInArena(): OpenPack {
    const blocks: number[] = [];
    const take = (): Uint8Array => {
      const block = this.#pool.take();
      blocks.push(block);
      return this.#pool.view(block);
    };
    return { builder: new PackBuilder({ take }, this.#writer), blocks };
  }

  /** For a directory so large that it fills a pack alone. */
  #startOutside(): OpenPack {
    const source: BlockSource = { take: () => new Uint8Array(blockBytes) };
    return { builder: new PackBuilder(source, this.#writer), blocks: [] };
  }
}

function isFull(builder: PackBuilder): boolean {
  return builder.size >= packTargetBytes || builder.headerSize >= maxHeaderBytes - 64;
}
