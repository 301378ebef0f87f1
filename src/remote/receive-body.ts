import { asBuffer, type Bytes, concatBytes, HoldfastError } from '../base/index.ts';
import { answerMalformed, transportError } from '../transport/index.ts';
import { connectionLost } from './connection-lost.ts';
import type { RestAnswer } from './rest-answer.ts';

/** What is held in memory at most; larger objects are read as streams. */
const maxHeldBytes = 1024 ** 3;

/**
 * The body of an answer in pieces, `length` bytes in all: an end before that is a connection that was lost. The answer
 * is closed however this ends.
 */
export async function* receiveChunks(answer: RestAnswer, length: number): AsyncGenerator<Bytes> {
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
export async function receiveInto(bytes: Bytes, { message, host, close }: RestAnswer): Promise<Received> {
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
export function bufferFor(length: number, { close }: RestAnswer): Bytes {
  if (length <= maxHeldBytes) return Buffer.allocUnsafeSlow(length);
  close();
  throw new HoldfastError('storage_failed', `an answer of ${length} bytes is too large to be held in memory`);
}

/** The body of an answer whose size is not known before, up to `maxBytes`. @throws HoldfastError `answer_malformed` beyond */
export async function* receivePieces(answer: RestAnswer, maxBytes: number): AsyncGenerator<Bytes, void> {
  const { message, host, close } = answer;
  let size = 0;
  try {
    for await (const chunk of message.iterator({ destroyOnReturn: false })) {
      size += (chunk as Bytes).length;
      if (size > maxBytes) throw answerMalformed(host, `it answers with more than ${maxBytes} bytes`);
      yield chunk as Bytes;
    }
  } catch (error) {
    throw transportError(error, host);
  } finally {
    close();
  }
}

/** The same as text. */
export async function receiveText(answer: RestAnswer, maxBytes: number): Promise<string> {
  const chunks: Bytes[] = [];
  for await (const chunk of receivePieces(answer, maxBytes)) chunks.push(chunk);
  return asBuffer(concatBytes(...chunks)).toString();
}

/** Reads the end of an answer in which nothing else is expected, so that its connection can be used again. */
export async function discardBody(answer: RestAnswer): Promise<void> {
  await receiveText(answer, 4096);
}
