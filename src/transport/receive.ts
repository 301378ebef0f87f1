import { asBuffer, type Bytes, concatBytes } from '../base/index.ts';
import type { HttpAnswer } from './http-client.ts';
import { answerMalformed, transportError } from './transport-error.ts';

/**
 * The body of an answer whose size is not known before, in pieces. The answer is closed however this ends.
 * @throws HoldfastError `answer_malformed` beyond `maxBytes`, and as {@link transportError}
 */
export async function* receivePieces(answer: HttpAnswer, maxBytes: number): AsyncGenerator<Bytes, void> {
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

/** The same in one piece. */
export async function receiveBytes(answer: HttpAnswer, maxBytes: number): Promise<Bytes> {
  return concatBytes(...(await Array.fromAsync(receivePieces(answer, maxBytes))));
}

/** The same as text. */
export async function receiveText(answer: HttpAnswer, maxBytes: number): Promise<string> {
  return asBuffer(await receiveBytes(answer, maxBytes)).toString();
}

/** Reads the end of an answer in which nothing else is expected, so that its connection can be used again. */
export async function discardBody(answer: HttpAnswer): Promise<void> {
  await receiveBytes(answer, 4096);
}
