import type { ClientRequest, IncomingMessage } from 'node:http';
import { asBuffer, type Bytes, HoldfastError } from '../base/index.ts';

/** A body and how many bytes it has; pieces are sent from the memory they are in, each before the next is asked for. */
export interface HttpBody {
  readonly chunks: Iterable<Bytes> | AsyncIterable<Bytes>;
  readonly size: number;
}

/** What is handed to the connection at once: TLS makes an encrypted copy of it. */
const pieceBytes = 256 * 1024;

/**
 * Sends `body` at the pace of the connection, straight from the memory it is in, and stops as soon as an answer or a
 * failure is there. A body that is not of the announced size is `object_corrupt`, before a wrong byte is sent.
 */
export async function sendBody(
  client: ClientRequest,
  body: HttpBody,
  answer: Promise<IncomingMessage>,
): Promise<void> {
  let answered = false;
  const over = answer.then(
    () => (answered = true),
    () => (answered = true),
  );
  let sent = 0;
  for await (const chunk of body.chunks) {
    sent += chunk.length;
    if (sent > body.size) throw sizeError(body.size, `at least ${sent}`);
    for (const piece of pieces(chunk)) {
      await Promise.race([written(client, piece), over]);
      if (answered) return;
    }
  }
  if (sent < body.size) throw sizeError(body.size, String(sent));
  client.end();
}

function* pieces(chunk: Bytes): Generator<Buffer> {
  for (let start = 0; start < chunk.length; start += pieceBytes) {
    yield asBuffer(chunk.subarray(start, start + pieceBytes));
  }
}

/** When the bytes have left their memory: a piece may be overwritten after that. */
function written(client: ClientRequest, piece: Buffer): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  client.write(piece, () => resolve());
  return promise;
}

function sizeError(announced: number, found: string): HoldfastError {
  return new HoldfastError('object_corrupt', `the body has ${found} bytes, not the announced ${announced}`);
}
