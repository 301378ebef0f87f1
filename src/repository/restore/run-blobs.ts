import { fromHex } from '../../base/index.ts';
import type { PackedBlob } from '../format/blob.ts';
import { unitOverhead } from '../format/unit.ts';
import type { RunBlobs } from './content-run.ts';

const idSize = 32;

/** Blobs as the columns of a run that begins at `start` of their pack. */
export function runBlobsOf(blobs: readonly PackedBlob[], start: number): RunBlobs {
  const ids = new Uint8Array(blobs.length * idSize);
  for (const [index, { id }] of blobs.entries()) ids.set(fromHex(id), index * idSize);
  return {
    offsets: Uint32Array.from(blobs, ({ offset }) => offset - start),
    lengths: Uint32Array.from(blobs, ({ length }) => length),
    plainLengths: Uint32Array.from(blobs, plainLengthOf),
    compressed: Uint8Array.from(blobs, ({ plainLength }) => (plainLength === undefined ? 0 : 1)),
    ids,
  };
}

/** The length of a blob's plaintext. */
export function plainLengthOf({ length, plainLength }: PackedBlob): number {
  return plainLength ?? Math.max(0, length - unitOverhead);
}
