import type { BlobIndex } from '../format/blob-index.ts';
import type { RunBlobs } from './content-run.ts';

const idSize = 32;

/** The blobs at some slots of an index as the columns of a run that begins at `start` of their pack. */
export function runBlobsOf(index: BlobIndex, slots: readonly number[], start: number): RunBlobs {
  const all = index.ids;
  const ids = new Uint8Array(slots.length * idSize);
  for (const [at, slot] of slots.entries()) {
    ids.set(all.subarray(slot * idSize, (slot + 1) * idSize), at * idSize);
  }
  return {
    offsets: Uint32Array.from(slots, (slot) => index.offsetAt(slot) - start),
    lengths: Uint32Array.from(slots, (slot) => index.lengthAt(slot)),
    plainLengths: Uint32Array.from(slots, (slot) => index.plainLengthAt(slot)),
    compressed: Uint8Array.from(slots, (slot) => (index.isCompressedAt(slot) ? 1 : 0)),
    ids,
  };
}
