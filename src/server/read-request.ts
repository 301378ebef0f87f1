import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TSchema } from 'typebox';
import { HoldfastError, isHoldfastError, minuteMs } from '../base/index.ts';
import { maxMessageBytes } from '../enrol/index.ts';

/** What a route takes: how much at most, and how it is read. */
export interface Body {
  readonly maxBytes: number;
  /** Media types; any unless said. */
  readonly types?: readonly string[];
  readonly parse: (bytes: Buffer, type: string) => unknown;
  /** What the JSON has to be, for the reference; whoever decides looks at it. */
  readonly schema?: TSchema;
}

const jsonType = 'application/json';

/** A message in JSON, of 64 KiB unless said. */
export function jsonBody(schema?: TSchema, maxBytes: number = maxMessageBytes): Body {
  return { maxBytes, types: [jsonType], parse: parseJson, ...(schema && { schema }) };
}

/** JSON, or undefined for another type. */
export function jsonOf(bytes: Buffer, type: string): unknown {
  return type === jsonType ? parseJson(bytes) : undefined;
}

/**
 * Reads the body of a request as its route takes it; undefined when there is none.
 * @throws HoldfastError `input_invalid`
 */
export async function readBody(request: IncomingMessage, { maxBytes, types, parse }: Body): Promise<unknown> {
  const { 'content-type': said, 'content-length': length } = request.headers;
  const type = (said ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (Number(length ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const bytes = await gather(request, maxBytes).catch((error: unknown) => {
    throw isHoldfastError(error) ? error : invalid('it broke off', error);
  });
  if (said === undefined && bytes.length === 0) return undefined;
  if (types !== undefined && !types.includes(type))
    throw invalid(`it is of the type ${JSON.stringify(type)}, expected ${types.join(', ')}`);
  return parse(bytes, type);
}

/** By events, since an iterator takes as long as all else that is done with a small request before it is looked at. */
function gather(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const parts: Buffer[] = [];
  let length = 0;
  const onPart = (part: Buffer): void => {
    length += part.length;
    parts.push(part);
    if (length <= maxBytes) return;
    // The connection is to carry the answer too.
    request.off('data', onPart).pause();
    reject(tooLarge(maxBytes));
  };
  const onClose = (): void => reject(new Error('the connection was closed'));
  const onEnd = (): void => {
    request.off('close', onClose);
    resolve(Buffer.concat(parts));
  };
  // What has ended already says nothing more.
  if (request.destroyed) onClose();
  else request.on('data', onPart).once('end', onEnd).once('error', reject).once('close', onClose);
  return promise;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw invalid('it is no JSON', cause);
  }
}

/** That a body is more than `maxBytes`. */
export function tooLarge(maxBytes: number): HoldfastError {
  return invalid(`it is larger than ${maxBytes} bytes`);
}

function invalid(problem: string, cause?: unknown): HoldfastError {
  return new HoldfastError('input_invalid', `the body of the request: ${problem}`, { cause });
}

/** What the address of a request says behind `?`. @throws HoldfastError `input_invalid` for what is said twice */
export function queryOf({
  url = '',
}: Pick<IncomingMessage, 'url'>): Readonly<Record<string, string | undefined>> {
  const at = url.indexOf('?');
  const said = [...new URLSearchParams(at < 0 ? '' : url.slice(at + 1))];
  const query = Object.fromEntries(said);
  if (Object.keys(query).length === said.length) return query;
  throw new HoldfastError('input_invalid', 'the query of the address says something twice');
}

/** Where a request comes from: an IPv4 address as itself, whatever the socket is bound to. */
export function peerAddress({ socket }: { readonly socket: Socket }): string {
  return (socket.remoteAddress ?? '').replace(/^::ffff:([0-9.]+)$/i, '$1');
}

/**
 * Ends the connection of a request whose body is not here after `deadlineMs`, a minute unless said: for small messages,
 * also from peers that nobody knows, who would hold connections for ever by sending them byte by byte.
 */
export function limitBodyTime(
  request: IncomingMessage,
  response: ServerResponse,
  deadlineMs: number = minuteMs,
): void {
  if (request.complete) return;
  const timer = setTimeout(() => {
    if (!request.complete) request.socket.destroy();
  }, deadlineMs);
  response.once('close', () => clearTimeout(timer));
}

/**
 * Ends the connection of a request when the peer neither sends nor takes a byte for `idleMs` while the server waits
 * for it. There is no limit on the whole: a large upload over a thin line may take days.
 */
export function limitIdleTime(request: IncomingMessage, response: ServerResponse, idleMs: number): void {
  const { socket } = request;
  response.setTimeout(idleMs, () => {
    if (isWaitingForPeer(request, response)) socket.destroy();
    else socket.setTimeout(idleMs);
  });
}

/** When bytes lie unread here, or there is nothing to be taken, the server's own disk is what takes time. */
function isWaitingForPeer(request: IncomingMessage, response: ServerResponse): boolean {
  const sending = !request.complete && request.readableLength === 0;
  const taking = response.writableLength > 0;
  return sending || taking;
}
