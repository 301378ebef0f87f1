import type { Hmac } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { type Bytes, freeBytes, HoldfastError } from '../base/index.ts';
import type { ByteRange, ObjectInfo, ObjectRef, ObjectStore, ObjectType } from '../storage/index.ts';
import { sealBytes, sealHeader } from '../transport/index.ts';
import { parseRange, type RequestedRange } from './byte-range.ts';
import type { StorageExchange, StoragePath } from './storage-path.ts';
import { receiveObject } from './storage-upload.ts';

/** Does what a request asks of `store` and answers it; throws what should be answered with an error. */
export async function answerStorage(
  store: ObjectStore,
  path: StoragePath,
  exchange: StorageExchange,
): Promise<void> {
  const { target } = path;
  switch (target.kind) {
    case 'repository':
      return await answerRepository(store, path.query, exchange);
    case 'list':
      return await answerList(store, target.type, exchange);
    case 'object':
      return await answerObject(store, target.ref, exchange);
  }
}

async function answerRepository(store: ObjectStore, query: string, exchange: StorageExchange): Promise<void> {
  if (exchange.request.method !== 'POST') throw methodError(exchange);
  if (new URLSearchParams(query).get('create') !== 'true') {
    throw new HoldfastError('input_invalid', 'a repository is created with ?create=true');
  }
  await store.create();
  sendDone(exchange);
}

async function answerList(store: ObjectStore, type: ObjectType, exchange: StorageExchange): Promise<void> {
  const { method } = exchange.request;
  if (method !== 'GET' && method !== 'HEAD') throw methodError(exchange);
  await sendList(store, type, exchange);
}

async function answerObject(store: ObjectStore, ref: ObjectRef, exchange: StorageExchange): Promise<void> {
  switch (exchange.request.method ?? '') {
    case 'GET':
    case 'HEAD':
      return await sendObject(store, ref, exchange);
    case 'POST':
      await receiveObject(store, ref, exchange);
      return sendDone(exchange);
    case 'DELETE':
      await store.remove(ref);
      return sendDone(exchange);
    default:
      throw methodError(exchange);
  }
}

function sendDone({ response, seal }: StorageExchange): void {
  if (seal !== undefined) response.setHeader(sealHeader, seal(200).digest('base64url'));
  response.writeHead(200, { 'content-length': 0 }).end();
}

function methodError({ request }: StorageExchange): HoldfastError {
  return new HoldfastError('operation_unknown', `${request.method} is no method for ${request.url}`);
}

/** Answers GET and HEAD of an object: whole, or the part that a `Range` header asks for, at the pace of the peer. */
async function sendObject(store: ObjectStore, ref: ObjectRef, exchange: StorageExchange): Promise<void> {
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
  await sendBody(stream, exchange, seal);
}

/**
 * Sends the body of an answer, behind it its seal where there is one, at the pace of the peer: while one piece is on its way
 * the next is read, and the memory of each is given back when it has gone.
 */
async function sendBody(stream: Readable, exchange: StorageExchange, seal: Hmac | undefined): Promise<void> {
  const { response } = exchange;
  try {
    for await (const chunk of stream as AsyncIterable<Bytes>) {
      exchange.sentBytes += chunk.length;
      seal?.update(chunk);
      await sent(response, chunk);
      freeBytes(chunk);
    }
    response.end(seal?.digest());
    await finished(response);
  } finally {
    stream.destroy();
  }
}

/** Resolves when the bytes have left their memory, rejects when they never will. */
function sent(response: ServerResponse, chunk: Bytes): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const lost = (): void => reject(new Error('the peer ended the connection'));
  if (response.destroyed) lost();
  response.once('close', lost);
  response.write(chunk, (error) => {
    response.off('close', lost);
    if (!error) return resolve();
    // A write that fails may be known before the end of the connection is: nothing more can be answered by it.
    response.destroy();
    reject(error);
  });
  return promise;
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

const typeV1 = 'application/vnd.x.restic.rest.v1';
const typeV2 = 'application/vnd.x.restic.rest.v2';

/** With it our own clients ask when each object was stored: `arrived`, which others pass over. */
const arrivalsHeader = 'holdfast-arrivals';

/**
 * Answers GET and HEAD of a listing while the store is still being scanned, in the version that `Accept` asks for:
 * names with sizes (v2) or names alone (v1). The client compares the content type exactly.
 */
async function sendList(store: ObjectStore, type: ObjectType, exchange: StorageExchange): Promise<void> {
  const { request, response } = exchange;
  const version2 = request.headers.accept?.includes(typeV2) === true;
  const arrivals = request.headers[arrivalsHeader] !== undefined;
  const text = listText(store.scan(type, { arrivals }), version2 ? nameAndSize : nameOnly);
  // The first batch is taken before the status is sent, so that a store that cannot be read is told as such.
  const first = await text.next();
  response.writeHead(200, { 'content-type': version2 ? typeV2 : typeV1 });
  if (request.method === 'HEAD') response.end();
  else await pipeline(counted(first.value ?? '', text, exchange), response);
}

async function* counted(
  first: string,
  text: AsyncGenerator<string, void>,
  exchange: StorageExchange,
): AsyncGenerator<string> {
  exchange.sentBytes += first.length;
  yield first;
  for await (const part of text) {
    exchange.sentBytes += part.length;
    yield part;
  }
}

async function* listText(
  batches: AsyncIterable<readonly ObjectInfo[]>,
  entry: (info: ObjectInfo) => string,
): AsyncGenerator<string, void> {
  let separator = '[';
  for await (const batch of batches) {
    if (batch.length === 0) continue;
    yield separator + batch.map(entry).join(',');
    separator = ',';
  }
  yield separator === '[' ? '[]' : ']';
}

/** Names are hexadecimal, so nothing needs escaping. */
function nameAndSize({ name, size, arrivedMs }: ObjectInfo): string {
  const arrived = arrivedMs === undefined ? '' : `,"arrived":${arrivedMs}`;
  return `{"name":"${name}","size":${size}${arrived}}`;
}

function nameOnly({ name }: ObjectInfo): string {
  return `"${name}"`;
}
