import type { ServerResponse } from 'node:http';
import { asBuffer, type Bytes, minuteMs, secondMs } from '../base/index.ts';

/** What is answered: small, and there as a whole. */
export interface Reply {
  /** 200 unless said. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Bytes | string;
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

/** Sends a reply. What was not read of the request ends the connection: nobody waits for the rest of it. */
export function sendReply(response: ServerResponse, { status = 200, headers, body = '' }: Reply): void {
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
