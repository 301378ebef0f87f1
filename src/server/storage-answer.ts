import { HoldfastError } from '../base/index.ts';
import type { ObjectRef, ObjectStore, ObjectType } from '../storage/index.ts';
import { sealHeader } from '../transport/index.ts';
import { sendObject } from './storage-download.ts';
import { sendList } from './storage-list.ts';
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
