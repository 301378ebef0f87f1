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

const usualPace: Pace = { idleMs: 5 * minuteMs, leastBytes: 16 * 1024 };
/** Answers before the answer (1xx, RFC 9110 §15.2), of which none is ever needed here. */
const maxInterim = 16;

/**
 * Ends a request whose answer does not come on, `connection_lost`, and one with answers before the answer and no end of
 * them, `answer_malformed`. What waits here to be read is the reader's to take in his own time.
 */
export function watchAnswer(client: ClientRequest, host: string, pace: Pace = usualPace): void {
  const { idleMs, leastBytes } = pace;
  const end = (found: string): void => {
    if (!waitsForReader(client)) client.destroy(new HoldfastError('connection_lost', `${host} ${found}`));
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

function waitsForReader(client: ClientRequest): boolean {
  const { res } = client as { res?: IncomingMessage };
  return res !== undefined && res.readableLength > 0;
}
