import type { Socket } from 'node:net';
import { asBuffer, type Bytes, secondMs } from '../base/index.ts';
import { type PostedRequests, PostReader } from './read-post.ts';

/** Small requests that come by the thousand, and what answers them. */
export interface PostService extends PostedRequests {
  readonly responseType: string;
  readonly answer: (body: Bytes) => Promise<Bytes>;
}

/** How long a connection may say nothing, or leave an answer unread. */
const idleMs = 15 * secondMs;

/**
 * Answers the usual requests of a service on plain connections without an HTTP server, which takes as long as all the rest
 * but the signature. With the first message that is anything else, or that cannot be answered, the connection goes to
 * `serveHttp` for good.
 */
export function answerPosts(
  service: PostService,
  serveHttp: (socket: Socket) => void,
): (socket: Socket) => void {
  const reader = new PostReader(service);
  return (socket) => {
    let isAnswering = false;
    let early: Buffer | undefined;
    const onMessage = (message: Buffer): void => {
      if (isAnswering) {
        early = message;
        socket.pause();
        return;
      }
      const body = reader.bodyOf(message);
      if (body === undefined) return handOver(message);
      isAnswering = true;
      void service.answer(body).then(
        (answer) => {
          isAnswering = false;
          const isTaken = send(socket, service.responseType, answer);
          if (early !== undefined) handOver(early);
          else if (!isTaken) waitForReader(socket);
        },
        () => handOver(early === undefined ? message : Buffer.concat([message, early])),
      );
    };
    const onIdle = (): void => {
      socket.destroy();
    };
    const handOver = (message: Buffer): void => {
      // The server would wait for its end, which has been.
      if (socket.destroyed) return;
      socket.off('data', onMessage).off('timeout', onIdle).setTimeout(0);
      // Read again by whom the connection belongs to from now on.
      socket.pause().unshift(message);
      serveHttp(socket);
      socket.resume();
    };
    socket.on('data', onMessage).on('timeout', onIdle).setTimeout(idleMs);
  };
}

/** Whoever does not read what was answered is not listened to: answers would pile up. */
function waitForReader(socket: Socket): void {
  socket.pause().once('drain', () => socket.resume());
}

/** In one write, which head and body are only as one text; whether the system has taken all of it. */
function send(socket: Socket, type: string, body: Bytes): boolean {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\nDate: ${dateNow()}\r\n\r\n`;
  return socket.write(head + asBuffer(body).toString('latin1'), 'latin1');
}

let date = { second: 0, text: '' };

/** The time as HTTP writes it (RFC 9110 §5.6.7); written once a second. */
function dateNow(): string {
  const second = Math.floor(Date.now() / secondMs);
  if (date.second !== second) date = { second, text: new Date(second * secondMs).toUTCString() };
  return date.text;
}
