import type { Bytes } from '../../base/index.ts';
import { cutBits, maxChunkBytes, minChunkBytes, rabinTables, windowBytes } from './rabin.ts';

/**
 * The lengths of the chunks that `data` is cut into, the way restic/chunker does it, byte by byte: slow and readable, what the
 * WebAssembly is tested against. The last chunk may be shorter than the least, and an empty file has none.
 */
export function referenceCuts(data: Bytes, polynomial: bigint): number[] {
  const tables = rabinTables(polynomial);
  const lengths: number[] = [];
  for (let start = 0; start < data.length; ) {
    const length = chunkLength(data.subarray(start, start + maxChunkBytes), tables);
    lengths.push(length);
    start += length;
  }
  return lengths;
}

function chunkLength(data: Bytes, tables: BigUint64Array): number {
  const window = new Uint8Array(windowBytes);
  const cutMask = (1n << BigInt(cutBits)) - 1n;
  let digest = 0n;
  let slot = 0;
  const slide = (byte: number): void => {
    digest ^= tables[window[slot] ?? 0] ?? 0n;
    window[slot] = byte;
    slot = (slot + 1) % windowBytes;
    digest = ((digest << 8n) | BigInt(byte)) ^ (tables[256 + Number(digest >> 45n)] ?? 0n);
  };
  // Each chunk begins as if after a single byte 1; the first bytes, where no cut may be, are not looked at.
  slide(1);
  for (let at = minChunkBytes - windowBytes; at < data.length; at++) {
    slide(data[at] ?? 0);
    if (at + 1 >= minChunkBytes && (digest & cutMask) === 0n) return at + 1;
  }
  return data.length;
}
