import type { Hmac } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Bytes, HoldfastError } from '../base/index.ts';
import type { ByteRange, ObjectRef, ObjectStore } from '../storage/index.ts';
import { sealBytes } from '../transport/index.ts';
import type { StorageExchange } from './storage-path.ts';

/** Answers GET and HEAD of an object: whole, or the part that a `Range` header asks for, at the pace of the peer. */
export async function sendObject(
  store: ObjectStore,
  ref: ObjectRef,
  exchange: StorageExchange,
): Promise<void> {
  const { request, response } = exchange;
  const size = await store.stat(ref);
  const requested = parseRange(request.headers.range, size);
  if (requested.kind === 'unsatisfiable') {
    response.setHeader('content-range', `bytes */${size}`);
    throw new HoldfastError('range_not_satisfiable', `range ${request.headers.range} of ${size} bytes`);
  }
  if (request.method === 'HEAD') {
    writeHead(response, requested, size);
    response.end();
    return;
  }
  const stream = await store.stream(ref, readOptions(requested));
  const seal = exchange.seal?.(requested.kind === 'part' ? 206 : 200);
  writeHead(response, requested, size, seal && sealBytes);
  stream.on('data', (chunk: Bytes) => {
    exchange.sentBytes += chunk.length;
  });
  if (seal === undefined) await pipeline(stream, response);
  else await pipeline(stream, sealing(seal), response);
}

/** Lets bytes through, and puts the seal of them all at their end. */
function sealing(seal: Hmac): Transform {
  return new Transform({
    transform(chunk: Bytes, _encoding, done) {
      seal.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      done(null, seal.digest());
    },
  });
}

function readOptions(requested: RequestedRange): { range?: ByteRange } {
  if (requested.kind !== 'part') return {};
  return { range: { offset: requested.start, length: requested.end - requested.start + 1 } };
}

function writeHead(response: ServerResponse, requested: RequestedRange, size: number, more = 0): void {
  const common = { 'content-type': 'application/octet-stream', 'accept-ranges': 'bytes' };
  if (requested.kind !== 'part') {
    response.writeHead(200, { ...common, 'content-length': size + more });
    return;
  }
  const { start, end } = requested;
  const range = {
    'content-length': end - start + 1 + more,
    'content-range': `bytes ${start}-${end}/${size}`,
  };
  response.writeHead(206, { ...common, ...range });
}

/** What a `Range` header asks of a body of known size: bytes `start` to `end`, both included. */
type RequestedRange =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' };

/**
 * Reads a `Range` header (RFC 9110 §14.2) against a body of `size` bytes. Several ranges, other units and what is
 * not well formed are ignored, as the RFC allows, which means the whole body.
 */
function parseRange(header: string | undefined, size: number): RequestedRange {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return { kind: 'whole' };
  if (first === '') return suffix(Number(last), size);
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < start) return { kind: 'whole' };
  return start >= size ? { kind: 'unsatisfiable' } : { kind: 'part', start, end };
}

function suffix(length: number, size: number): RequestedRange {
  if (length === 0 || size === 0) return { kind: 'unsatisfiable' };
  return { kind: 'part', start: Math.max(0, size - length), end: size - 1 };
}
