import { type Bytes, HoldfastError } from '../base/index.ts';
import type { ObjectRef, ObjectStore } from '../storage/index.ts';
import type { StorageExchange } from './storage-exchange.ts';

/** Larger than any file restic writes: a pack holds at most one blob of 4 GiB beyond its target. */
const maxObjectBytes = 8 * 1024 ** 3;

/** Answers POST of an object: stores the body as it comes. A failure leaves the rest of the body unread. */
export async function receiveObject(
  store: ObjectStore,
  ref: ObjectRef,
  exchange: StorageExchange,
): Promise<void> {
  const size = announcedSize(exchange.request.headers['content-length']);
  await store.write(ref, requestBody(exchange), { size });
}

function announcedSize(header: string | undefined): number {
  const size = header === undefined ? Number.NaN : Number(header);
  if (!Number.isSafeInteger(size) || size > maxObjectBytes) {
    throw new HoldfastError(
      'input_invalid',
      `content-length ${header ?? 'missing'}, expected the object's size`,
    );
  }
  return size;
}

/** The body in pieces. Stopping early does not end the connection, so that an answer can still be sent. */
async function* requestBody(exchange: StorageExchange): AsyncGenerator<Bytes> {
  for await (const chunk of exchange.request.iterator({ destroyOnReturn: false })) {
    const bytes = chunk as Bytes;
    exchange.receivedBytes += bytes.length;
    yield bytes;
  }
}
