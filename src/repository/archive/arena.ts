import { poly1305StateBytes } from '../kernel/poly1305.ts';
import { maxChunkBytes, minChunkBytes, rabinTableBytes } from '../kernel/rabin.ts';

const pageBytes = 65_536;
const mebibyte = 2 ** 20;

/** The memory that all threads of a backup share, in bytes; fixed, so that it does not depend on what is backed up. */
const arenaBytes = 88 * mebibyte;
/** Packs are built in blocks of this size, so that an open pack takes only what it holds. */
export const blockBytes = mebibyte;
/** How many batches may be on their way between the scanner and the sealers. */
export const leaseCount = 64;
/** Where a sealer puts ciphertext together that does not lie in one block. */
export const stagingBytes = 16 * 1024;

/** A pack just below its target of 16 MiB, and then the largest chunk and the header. */
const largestPackBlocks = 16 + maxChunkBytes / mebibyte + 1;

const ringBytes = 24 * mebibyte;
const controlBytes = pageBytes;
const sealerBytes = 32 * 1024;

/** Who has which part of the shared memory: addresses and sizes in bytes. */
export interface Arena {
  readonly memory: WebAssembly.Memory;
  readonly sealers: number;
  /** The file data that is being read or sealed. */
  readonly ring: { readonly at: number; readonly bytes: number };
  /** The blob that holes are cut into: {@link minChunkBytes} zeros. */
  readonly zerosAt: number;
  /** Pack blocks, {@link blockBytes} each. */
  readonly blocks: { readonly at: number; readonly count: number };
}

/** Lays out a fresh arena for so many sealers. */
export function createArena(sealers: number): Arena {
  const pages = arenaBytes / pageBytes;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const ringAt = roundUp(rabinTableBytes + controlBytes + sealers * sealerBytes);
  const zerosAt = ringAt + ringBytes;
  // Whoever encrypts a blob in whole blocks may read a little behind it.
  const blocksAt = zerosAt + roundUp(minChunkBytes + 1);
  const count = Math.floor((arenaBytes - blocksAt) / blockBytes);
  return {
    memory,
    sealers,
    ring: { at: ringAt, bytes: ringBytes },
    zerosAt,
    blocks: { at: blocksAt, count },
  };
}

/** Where a {@link UnitWriter} keeps the state of its Poly1305, and where it stages; addresses. */
export interface Corner {
  readonly state: number;
  readonly staging: number;
}

/** What a corner occupies, in bytes. */
export const cornerBytes = sealerBytes;

/** The corner that begins at an address. */
export function cornerAt(at: number): Corner {
  return { state: at, staging: at + roundUp(poly1305StateBytes, 256) };
}

/** A sealer's own corner of the arena. */
export function sealerCorner(sealer: number): Corner {
  return cornerAt(rabinTableBytes + controlBytes + sealer * sealerBytes);
}

/** How many blocks one pack may take so that all open ones together never use up the arena. */
export function blocksPerPack(arena: Arena): number {
  return Math.min(largestPackBlocks, Math.floor(arena.blocks.count / arena.sealers));
}

/** The words through which the threads tell each other what is free. */
export function controlWords(arena: Arena): {
  /** Counts batches that are done; the scanner waits on it. */
  readonly leasesDone: Int32Array;
  /** One word for each lease: 1 when its batch is done. */
  readonly leases: Int32Array;
  /** Counts blocks that were freed; sealers wait on it. */
  readonly blocksFreed: Int32Array;
  /** One word for each block: 1 when it is taken. */
  readonly blocks: Int32Array;
  /** One word for each sealer: how many batches wait for it. */
  readonly queued: Int32Array;
} {
  const words = (at: number, count: number): Int32Array =>
    new Int32Array(arena.memory.buffer, rabinTableBytes + 4 * at, count);
  return {
    leasesDone: words(0, 1),
    // A cache line apart: these two are waited on by different threads.
    blocksFreed: words(16, 1),
    queued: words(32, 32),
    leases: words(64, leaseCount),
    blocks: words(64 + leaseCount, arena.blocks.count),
  };
}

function roundUp(value: number, unit = pageBytes): number {
  return Math.ceil(value / unit) * unit;
}
