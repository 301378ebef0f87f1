import type { Socket } from 'node:net';
import { asBuffer, type Bytes, secondMs } from '../base/index.ts';
import type { ConnectionHandler } from '../transport/index.ts';

/** Small requests that come by the thousand, and what answers them. */
export interface PostService extends PostedRequests {
  readonly responseType: string;
  readonly answer: (body: Bytes) => Promise<{ readonly der: Bytes }>;
}

/** How long a connection may say nothing, or leave an answer unread. */
const idleMs = 15 * secondMs;

/**
 * Answers the usual requests of a service on plain connections without an HTTP server, which takes as long as all the rest
 * but the signature. With the first message that is anything else, or that cannot be answered, the connection goes to
 * `serveHttp` for good.
 */
export function answerPosts(service: PostService, serveHttp: ConnectionHandler): ConnectionHandler {
  const reader = new PostReader(service);
  const handle = (socket: Socket): void => {
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
        ({ der }) => {
          isAnswering = false;
          const isTaken = send(socket, service.responseType, der);
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
  return Object.assign(handle, serveHttp.endIdle && { endIdle: serveHttp.endIdle });
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

/** Requests that {@link PostReader} reads. */
interface PostedRequests {
  readonly path: string;
  /** The Content-Type. */
  readonly type: string;
  readonly maxBodyBytes: number;
}

/** Programs say the same again and again, so that heads that were seen before need not be looked at once more. */
const maxKnownHeads = 256;

/**
 * Reads requests to POST that are whole and have nothing unusual: one message of HTTP/1.1 (RFC 9112) with a body whose length
 * is said, and no header that asks for anything. Everything else is left to an HTTP server, be it right or wrong.
 */
class PostReader {
  readonly #requests: PostedRequests;
  /** The length of the body that a head says. */
  #heads = new Map<string, number>();

  constructor(requests: PostedRequests) {
    this.#requests = requests;
  }

  /** The body of a message, or undefined when it is not such a request. */
  bodyOf(message: Buffer): Buffer | undefined {
    const end = message.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const length = this.#lengthIn(message.toString('latin1', 0, end));
    return message.length === end + 4 + (length ?? Infinity) ? message.subarray(end + 4) : undefined;
  }

  #lengthIn(head: string): number | undefined {
    const known = this.#heads.get(head);
    if (known !== undefined) return known;
    const length = lengthIn(head, this.#requests);
    if (length === undefined) return undefined;
    if (this.#heads.size === maxKnownHeads) this.#heads = new Map();
    this.#heads.set(head, length);
    return length;
  }
}

/** The headers that change nothing here, and those that are looked at. */
const usualHeaders: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'connection',
  'content-length',
  'content-type',
  'host',
  'pragma',
  'user-agent',
]);

/** A value may hold anything printable; blanks around it are taken off afterwards. */
const headerForm = /^(?<name>[!#$%&'*+.^_`|~\dA-Za-z-]+):(?<value>[\t\x20-\x7e]*)$/;

function lengthIn(head: string, { path, type, maxBodyBytes }: PostedRequests): number | undefined {
  const [line, ...lines] = head.split('\r\n');
  const headers = readHeaders(lines);
  if (line !== `POST ${path} HTTP/1.1` || headers === undefined) return undefined;
  const keepsAlive = (headers.get('connection') ?? 'keep-alive').toLowerCase() === 'keep-alive';
  if (!keepsAlive || !headers.has('host') || headers.get('content-type') !== type) return undefined;
  const length = headers.get('content-length') ?? '';
  return /^\d{1,9}$/.test(length) && Number(length) <= maxBodyBytes ? Number(length) : undefined;
}

/** Nothing when one is unusual, or there twice. */
function readHeaders(lines: readonly string[]): ReadonlyMap<string, string> | undefined {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const { name = '', value = '' } = headerForm.exec(line)?.groups ?? {};
    const known = name.toLowerCase();
    if (!usualHeaders.has(known) || headers.has(known)) return undefined;
    headers.set(known, value.trim());
  }
  return headers;
}
