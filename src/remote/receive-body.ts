import { type Bytes, concatBytes, HoldfastError } from '../base/index.ts';
import { connectionError } from './connection-error.ts';
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
    throw error instanceof Error ? connectionError(error, host) : error;
  } finally {
    close();
  }
  if (received !== length) throw incomplete(received, length, host);
}

/** An end that came too early is a connection that was lost. */
function incomplete(received: number, length: number, host: string): Error {
  return connectionError(new Error(`${received} of ${length} bytes came`), host);
}

/** The body of an answer that has `length` bytes, whole. */
export async function receiveBytes(answer: RestAnswer, length: number): Promise<Bytes> {
  if (length > maxHeldBytes) {
    answer.close();
    throw new HoldfastError(
      'storage_failed',
      `an answer of ${length} bytes is too large to be held in memory`,
    );
  }
  const bytes = Buffer.allocUnsafeSlow(length);
  const received = await receiveInto(bytes, answer);
  if (received !== length) throw incomplete(received, length, answer.host);
  return bytes;
}

/**
 * Copies a body into `bytes` and says how long it was. By events and not by iteration: a piece is 16 KiB at most, and
 * a promise for each costs more than copying it.
 */
function receiveInto(bytes: Bytes, { message, host, close }: RestAnswer): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let received = 0;
  message.on('data', (chunk: Bytes) => {
    if (received + chunk.length <= bytes.length) bytes.set(chunk, received);
    received += chunk.length;
  });
  message.once('error', (error) => reject(connectionError(error, host)));
  message.once('close', () => resolve(received));
  return promise.finally(close);
}

/** The body of an answer whose size is not known before, up to `maxBytes`. */
export async function receiveText(answer: RestAnswer, maxBytes: number): Promise<string> {
  const chunks: Bytes[] = [];
  let size = 0;
  try {
    for await (const chunk of answer.message.iterator({ destroyOnReturn: false })) {
      chunks.push(chunk as Bytes);
      size += (chunk as Bytes).length;
      if (size > maxBytes)
        throw new HoldfastError('storage_failed', `an answer of more than ${maxBytes} bytes`);
    }
  } catch (error) {
    throw error instanceof Error ? connectionError(error, answer.host) : error;
  } finally {
    answer.close();
  }
  return Buffer.from(concatBytes(...chunks)).toString();
}

/** Reads the end of an answer in which nothing else is expected, so that its connection can be used again. */
export async function discardBody(answer: RestAnswer): Promise<void> {
  await receiveText(answer, 4096);
}
