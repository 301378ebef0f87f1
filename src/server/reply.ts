import { open } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { asBuffer, type Bytes, HoldfastError, minuteMs, secondMs, systemErrorCode } from '../base/index.ts';
import { parseRange } from './byte-range.ts';

/** A part of a file that is sent at the pace of who asked. */
interface SentFile {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
  /** Called once, when it was sent or will not be. */
  readonly done: () => void;
}

/** What is answered: small, and there as a whole; or a file. */
export interface Reply {
  /** 200 unless said. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Bytes | string;
  /** In the place of `body`. */
  readonly file?: SentFile;
}

/** A value as JSON. */
export function jsonReply(value: unknown, { headers, ...more }: Omit<Reply, 'body'> = {}): Reply {
  const type = { 'content-type': 'application/json; charset=utf-8' };
  return { ...more, headers: { ...type, ...headers }, body: JSON.stringify(value) };
}

/** Bytes of a type of their own. */
export function bytesReply(type: string, body: Bytes, headers: Reply['headers'] = {}): Reply {
  return { headers: { 'content-type': type, ...headers }, body };
}

/**
 * A file, whole or the part that a `Range` header asks for.
 * @throws HoldfastError `range_not_satisfiable`; `done` was not called then
 */
export function fileReply(
  { path, bytes }: { readonly path: string; readonly bytes: number },
  {
    range,
    done,
    headers,
  }: { readonly range: string | undefined; readonly done: () => void } & Pick<Reply, 'headers'>,
): Reply {
  const asked = parseRange(range, bytes);
  const common = { 'content-type': 'application/octet-stream', 'accept-ranges': 'bytes', ...headers };
  if (asked.kind === 'unsatisfiable')
    throw new HoldfastError('range_not_satisfiable', `range ${range} of ${bytes} bytes`);
  if (asked.kind === 'whole') return { headers: common, file: { path, offset: 0, length: bytes, done } };
  const { start, end } = asked;
  return {
    status: 206,
    headers: { ...common, 'content-range': `bytes ${start}-${end}/${bytes}` },
    file: { path, offset: start, length: end - start + 1, done },
  };
}

/** Sends a reply, unless nobody waits for it any more. What was not read of the request ends the connection: nobody waits for the rest of it. */
export async function sendReply(response: ServerResponse, reply: Reply): Promise<void> {
  try {
    if (response.destroyed) return;
    if (reply.file === undefined) sendWhole(response, reply);
    else await sendFile(response, reply, reply.file);
  } finally {
    reply.file?.done();
  }
}

async function sendFile(
  response: ServerResponse,
  { status = 200, headers }: Reply,
  { path, offset, length }: SentFile,
): Promise<void> {
  const { req: request } = response;
  request.resume();
  if (request.method === 'HEAD') {
    response.writeHead(status, { ...headers, 'content-length': length }).end();
    return;
  }
  await using handle = await open(path, 'r');
  response.writeHead(status, { ...headers, 'content-length': length });
  const source = handle.createReadStream({ start: offset, end: offset + length - 1, autoClose: false });
  // Whoever ends the connection has what he wants, or asks again.
  await pipeline(source, response).catch((error: unknown) => {
    if (systemErrorCode(error) !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  });
}

function sendWhole(response: ServerResponse, { status = 200, headers, body = '' }: Reply): void {
  const { req: request } = response;
  const bytes = typeof body === 'string' ? Buffer.from(body) : asBuffer(body);
  const length = status === 304 ? undefined : { 'content-length': bytes.length };
  const last = request.complete ? undefined : { connection: 'close' };
  response.writeHead(status, { ...headers, ...length, ...last });
  response.end(request.method === 'HEAD' || status === 304 ? undefined : bytes);
  request.resume();
}

/** How long what is said of revocation may be kept on its way: that is how late a revocation can come. */
const maxAgeMs = 5 * minuteMs;

/** What a cache on the way is told of an answer about revocation (RFC 5019 §6.2, RFC 9111). */
export function cacheFor({
  tag,
  changedAt,
  goodUntil,
  nowMs,
}: {
  /** With its quotes. */
  readonly tag: string;
  readonly changedAt: Date;
  readonly goodUntil: Date;
  readonly nowMs: number;
}): Record<string, string> {
  const ageMs = Math.max(0, Math.min(maxAgeMs, goodUntil.getTime() - nowMs));
  return {
    etag: tag,
    'last-modified': changedAt.toUTCString(),
    expires: new Date(nowMs + ageMs).toUTCString(),
    'cache-control': `public, max-age=${Math.floor(ageMs / secondMs)}, must-revalidate, no-transform`,
  };
}
