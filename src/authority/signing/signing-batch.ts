import type { KeyObject } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
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

/** The other side of a `SigningThread`: answers each batch with the pieces that `answer` makes of it. */
export function answerBatches(
  answer: (pieces: readonly Bytes[], key: KeyObject | undefined) => readonly Bytes[],
): void {
  const port = parentPort;
  if (port === null) throw new TypeError('this is the program of a thread');
  const keys: KeyObject[] = [];
  port.on('message', ({ key, newKey, pieces }: SigningBatch) => {
    if (key !== undefined && newKey !== undefined) keys[key] = newKey;
    const answered = pack(answer(unpack(pieces), key === undefined ? undefined : keys[key]));
    port.postMessage(answered, [answered.bytes.buffer]);
  });
}

/** What the thread answers instead of a signature, which is always longer. */
export const [notProven, isProven]: readonly [Bytes, Bytes] = [Uint8Array.of(0), Uint8Array.of(1)];
