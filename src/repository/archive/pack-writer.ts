import { maxHeaderBytes } from '../format/pack-header.ts';
import type { BlockSource } from './block-chain.ts';
import type { PackReply } from './messages.ts';
import { PackBuilder, packGrowth, packTargetBytes, type StoredBlob } from './pack-builder.ts';
import type { UnitWriter } from './unit-writer.ts';

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
