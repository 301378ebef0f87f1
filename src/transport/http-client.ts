import type * as PlainHttp from 'node:http';
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import { request as secureRequest } from 'node:https';
import {
  asBuffer,
  type Bytes,
  concatBytes,
  HoldfastError,
  minuteMs,
  secondMs,
  systemErrorCode,
} from '../base/index.ts';
import { limitHandshakes } from './handshake-budget.ts';
import { answerMalformed, transportError } from './transport-error.ts';
import { VerifyingAgent } from './verified-connection.ts';

/** One request over HTTP/1.1 (RFC 9112). */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** `http:` or `https:` */
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: HttpBody;
  /** Over which connections; one of its own for `false`. */
  readonly agent?: Agent | false;
  /** A Unix socket that is asked in place of the host of the URL. */
  readonly socketPath?: string;
  /** `false` for a connection of which nothing is believed. */
  readonly rejectUnauthorized?: boolean;
  readonly pace?: Pace;
  /** For what may be asked twice: once more when a connection that was kept turns out to be closed, which is no answer. */
  readonly onceMore?: boolean;
  readonly signal?: AbortSignal;
}

/** An answer whose body is still to be read. */
export interface HttpAnswer {
  readonly status: number;
  /** Who answered, for messages. */
  readonly host: string;
  readonly message: IncomingMessage;
  /** To be called when the answer has been dealt with; a connection in the middle of something is not used again. */
  readonly close: () => void;
}

/**
 * Makes a request and gives the answer as soon as its status is there, whatever it is. What fails comes as it is: an error
 * of the system, what an agent says of the server's certificate, what the body's source throws, an aborted signal's reason;
 * `connection_stalled` when nothing moves. See {@link transportError} for what they mean.
 */
export async function askHttp(order: HttpRequest): Promise<HttpAnswer> {
  order.signal?.throwIfAborted();
  const host = order.socketPath ?? order.url.host;
  const client = begin(order);
  try {
    const message = await exchange(client, order, host);
    const close = (): void => closeExchange(client, message);
    return { status: message.statusCode ?? 0, host, message, close };
  } catch (error) {
    client.destroy();
    order.signal?.throwIfAborted();
    if (order.onceMore !== true || !wasClosed(client, error)) throw error;
    return await askHttp(order);
  }
}

/** Whether it says that what was asked is done (RFC 9110 §15.3). */
export function isHttpSuccess({ status }: HttpAnswer): boolean {
  return status >= 200 && status < 300;
}

function begin({ method, url, headers, body, signal, ...connection }: HttpRequest): ClientRequest {
  const size = body?.size ?? (method === 'POST' ? 0 : undefined);
  const length = size === undefined ? {} : { 'content-length': String(size) };
  const { agent, socketPath, rejectUnauthorized } = connection;
  const options = {
    method,
    headers: { ...length, ...toldBy(agent), ...headers },
    agent,
    socketPath,
    rejectUnauthorized,
    signal,
  };
  if (url.protocol === 'http:') return plainHttp().request(url, options);
  limitHandshakes();
  return secureRequest(url, options);
}

/**
 * Node's module for HTTP without TLS, once something is said so. Whoever imports it loads a second HTTP client as well, with
 * everything that browsers have, for a fifth of what a command takes to start; `node:https` does without.
 */
export function plainHttp(): typeof PlainHttp {
  return process.getBuiltinModule('node:http');
}

/** What an agent tells and shows goes over its own connections alone. */
function toldBy(agent: HttpRequest['agent']): Readonly<Record<string, string>> {
  if (!(agent instanceof VerifyingAgent)) return {};
  const { tells, authorization } = agent;
  return { ...tells, ...(authorization && { authorization: authorization.reveal() }) };
}

async function exchange(
  client: ClientRequest,
  { body, pace }: HttpRequest,
  host: string,
): Promise<IncomingMessage> {
  const answer = answerOf(client, host, pace);
  if (body === undefined) client.end();
  else await sendBody(client, body, answer);
  return await answer;
}

function closeExchange(client: ClientRequest, message: IncomingMessage): void {
  if (!client.writableFinished || !message.readableEnded) client.destroy();
}

function wasClosed(client: ClientRequest, error: unknown): boolean {
  return client.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(systemErrorCode(error) ?? '');
}

/** A body and how many bytes it has; pieces are sent from the memory they are in, each before the next is asked for. */
interface HttpBody {
  readonly chunks: Iterable<Bytes> | AsyncIterable<Bytes>;
  readonly size: number;
}

/** What is handed to the connection at once: TLS makes an encrypted copy of it. */
const pieceBytes = 256 * 1024;

/**
 * Sends `body` at the pace of the connection, straight from the memory it is in, and stops as soon as an answer or a
 * failure is there. A body that is not of the announced size is `object_corrupt`, before a wrong byte is sent.
 */
async function sendBody(
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

/**
 * The answer of a request that begins, once its status is there; it has to keep to `pace`. However the connection ends, this
 * does: an error comes as Node has it, an end without one (an upgrade that nobody asked for, too) is `connection_closed`.
 */
export function answerOf(
  client: ClientRequest,
  host: string,
  pace: Pace = usualPace,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  // Whoever still sends looks at it later.
  promise.catch(() => {});
  watchAnswer(client, host, pace);
  client.once('response', resolve).on('error', reject);
  client.once('close', () =>
    reject(new HoldfastError('connection_closed', `${host} ended the connection without an answer`)),
  );
  return promise;
}

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

/** What an exchange over HTTP has to keep to, from its connection on. */
interface Pace {
  /** How long nothing may move in either direction. */
  readonly idleMs: number;
  /** What has to move in that time: who sends a byte a minute does not serve, he holds. */
  readonly leastBytes: number;
}

/** Of stores, files and messages. */
const usualPace: Pace = { idleMs: 5 * minuteMs, leastBytes: 16 * 1024 };
/** Answers before the answer (1xx, RFC 9110 §15.2), of which none is ever needed here. */
const maxInterim = 16;

/**
 * Ends a request whose answer does not come on, `connection_stalled`, and one with answers before the answer and no end of
 * them, `answer_malformed`. What waits here to be read is the reader's to take in his own time.
 */
function watchAnswer(client: ClientRequest, host: string, { idleMs, leastBytes }: Pace): void {
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
