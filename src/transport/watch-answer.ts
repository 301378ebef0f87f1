import type { ClientRequest, IncomingMessage } from 'node:http';
import { HoldfastError, minuteMs, secondMs } from '../base/index.ts';
import { answerMalformed } from './transport-error.ts';

/** What an exchange over HTTP has to keep to, from its connection on. */
export interface Pace {
  /** How long nothing may move in either direction. */
  readonly idleMs: number;
  /** What has to move in that time: who sends a byte a minute does not serve, he holds. */
  readonly leastBytes: number;
}

/** Of stores, files and messages. */
export const usualPace: Pace = { idleMs: 5 * minuteMs, leastBytes: 16 * 1024 };
/** Answers before the answer (1xx, RFC 9110 §15.2), of which none is ever needed here. */
const maxInterim = 16;

/**
 * Ends a request whose answer does not come on, `connection_stalled`, and one with answers before the answer and no end of
 * them, `answer_malformed`. What waits here to be read is the reader's to take in his own time.
 */
export function watchAnswer(client: ClientRequest, host: string, { idleMs, leastBytes }: Pace): void {
  const end = (found: string): void => {
    const answer = answerIn(client);
    if (answer !== undefined && answer.readableLength > 0) return;
    // Whoever reads the answer is told by it.
    (answer ?? client).destroy(new HoldfastError('connection_stalled', `${host} ${found}`));
  };
  client.setTimeout(idleMs, () => end(`sent nothing for ${idleMs / secondMs} s`));
  endInterim(client, host);
  client.once('socket', (socket) => {
    let before = socket.bytesRead + socket.bytesWritten;
    const timer = setInterval(() => {
      const now = socket.bytesRead + socket.bytesWritten;
      if (now - before < leastBytes) end(`sent less than ${leastBytes} bytes in ${idleMs / secondMs} s`);
      before = now;
    }, idleMs).unref();
    client.once('close', () => clearInterval(timer));
  });
}

function endInterim(client: ClientRequest, host: string): void {
  let interim = 0;
  client.on('information', () => {
    interim += 1;
    if (interim > maxInterim)
      client.destroy(answerMalformed(host, `more than ${maxInterim} answers before the answer`));
  });
}

/** Node keeps it there, null before it has come. */
export function answerIn(client: ClientRequest): IncomingMessage | undefined {
  return (client as { res?: IncomingMessage | null }).res ?? undefined;
}
