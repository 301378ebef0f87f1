import type { KeyObject } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import type { Bytes } from '../../base/index.ts';
import { pack, type SigningBatch, unpack } from './signing-batch.ts';

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
