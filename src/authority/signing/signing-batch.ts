import type { KeyObject } from 'node:crypto';
import type { Bytes } from '../../base/index.ts';

/** Work for a thread that signs. */
export interface SigningBatch {
  /** The number of the key that signs, counted from 0; absent when there is nothing to sign. */
  readonly key?: number;
  /** That key, when the thread has not had it before. */
  readonly newKey?: KeyObject;
  readonly pieces: Packed;
}

/** Pieces in one memory, one after the other: it is handed over sooner than many are copied. */
export interface Packed {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lengths: readonly number[];
}

/** Puts pieces into a memory of their own. */
export function pack(pieces: readonly Bytes[]): Packed {
  const lengths = pieces.map(({ length }) => length);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let end = 0;
  for (const piece of pieces) {
    bytes.set(piece, end);
    end += piece.length;
  }
  return { bytes, lengths };
}

/** Views of the pieces. */
export function unpack({ bytes, lengths }: Packed): Bytes[] {
  let end = 0;
  return lengths.map((length) => {
    end += length;
    return bytes.subarray(end - length, end);
  });
}
