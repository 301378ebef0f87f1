import { type Bytes, HoldfastError } from '../base/index.ts';
import { type HttpAnswer, transportError } from '../transport/index.ts';

/** What is held in memory at most; larger objects are read as streams. */
const maxHeldBytes = 1024 ** 3;

/**
 * The body of an answer in pieces, `length` bytes in all: an end before that is a connection that was lost. The answer
 * is closed however this ends.
 */
export async function* receiveChunks(answer: HttpAnswer, length: number): AsyncGenerator<Bytes> {
  const { message, host, close } = answer;
  let received = 0;
  try {
    for await (const chunk of message.iterator({ destroyOnReturn: false })) {
      received += (chunk as Bytes).length;
      if (received > length) break;
      yield chunk as Bytes;
    }
  } catch (error) {
    throw transportError(error, host);
  } finally {
    close();
  }
  if (received !== length) throw incomplete(received, length, host);
}

function incomplete(received: number, length: number, host: string): HoldfastError {
  return connectionLost(host, `${received} of ${length} bytes came`);
}

/** What came of a body before it ended, and why it ended too early. */
export interface Received {
  readonly length: number;
  readonly failure?: unknown;
}

/**
 * Copies a body into `bytes`, all of which it has to fill. By events and not by iteration: a piece is 16 KiB at most, and
 * a promise for each costs more than copying it.
 */
export async function receiveInto(bytes: Bytes, { message, host, close }: HttpAnswer): Promise<Received> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  let length = 0;
  message.on('data', (chunk: Bytes) => {
    bytes.set(chunk.subarray(0, Math.max(0, bytes.length - length)), Math.min(length, bytes.length));
    length += chunk.length;
  });
  message.once('error', (error) => resolve(transportError(error, host)));
  message.once('close', () => resolve(undefined));
  const failure = await promise.finally(close);
  if (failure !== undefined) return { length: Math.min(length, bytes.length), failure };
  return length === bytes.length
    ? { length }
    : { length: Math.min(length, bytes.length), failure: incomplete(length, bytes.length, host) };
}

/** A buffer for a whole answer. @throws HoldfastError `storage_failed` when it is too large to be held */
export function bufferFor(length: number, { close }: HttpAnswer): Bytes {
  if (length <= maxHeldBytes) return Buffer.allocUnsafeSlow(length);
  close();
  throw new HoldfastError('storage_failed', `an answer of ${length} bytes is too large to be held in memory`);
}

/** That an answer ended before its end, found by counting. */
function connectionLost(host: string, found: string): HoldfastError {
  return new HoldfastError('connection_lost', `${host}: the connection broke (${found})`);
}
