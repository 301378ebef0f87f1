import type { Bytes } from '../../base/index.ts';

/** Zeros in whole blocks of this size, by their place in the file, are not written: the file system keeps a hole. */
export const holeBytes = 64 * 1024;

const zeros = Buffer.alloc(holeBytes);

/** The stretches of a piece that must be written, as [start, end) in the piece, which begins at `offset` in its file. */
export function* dataStretches(piece: Bytes, offset: number): Generator<readonly [number, number]> {
  let start = 0;
  for (
    let at = (holeBytes - (offset % holeBytes)) % holeBytes;
    at + holeBytes <= piece.length;
    at += holeBytes
  ) {
    if (zeros.compare(piece, at, at + holeBytes) !== 0) continue;
    if (start < at) yield [start, at];
    start = at + holeBytes;
  }
  if (start < piece.length) yield [start, piece.length];
}
