import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { type Bytes, HoldfastError } from '../base/index.ts';
import type { ByteRange, ObjectRef, ObjectStore } from '../storage/index.ts';
import type { StorageExchange } from './storage-exchange.ts';
import { parseRange, type RequestedRange } from './storage-range.ts';

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
  writeHead(response, requested, size);
  stream.on('data', (chunk: Bytes) => {
    exchange.sentBytes += chunk.length;
  });
  await pipeline(stream, response);
}

function readOptions(requested: RequestedRange): { range?: ByteRange } {
  if (requested.kind !== 'part') return {};
  return { range: { offset: requested.start, length: requested.end - requested.start + 1 } };
}

function writeHead(response: ServerResponse, requested: RequestedRange, size: number): void {
  const common = { 'content-type': 'application/octet-stream', 'accept-ranges': 'bytes' };
  if (requested.kind !== 'part') {
    response.writeHead(200, { ...common, 'content-length': size });
    return;
  }
  const { start, end } = requested;
  const range = { 'content-length': end - start + 1, 'content-range': `bytes ${start}-${end}/${size}` };
  response.writeHead(206, { ...common, ...range });
}
