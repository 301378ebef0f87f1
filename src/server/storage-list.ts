import { pipeline } from 'node:stream/promises';
import type { ObjectInfo, ObjectStore, ObjectType } from '../storage/index.ts';
import type { StorageExchange } from './storage-path.ts';

const typeV1 = 'application/vnd.x.restic.rest.v1';
const typeV2 = 'application/vnd.x.restic.rest.v2';

/** With it our own clients ask when each object was stored: `arrived`, which others pass over. */
const arrivalsHeader = 'holdfast-arrivals';

/**
 * Answers GET and HEAD of a listing while the store is still being scanned, in the version that `Accept` asks for:
 * names with sizes (v2) or names alone (v1). The client compares the content type exactly.
 */
export async function sendList(
  store: ObjectStore,
  type: ObjectType,
  exchange: StorageExchange,
): Promise<void> {
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
