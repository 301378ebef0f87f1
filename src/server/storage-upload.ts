import { type Bytes, HoldfastError } from '../base/index.ts';
import type { ObjectRef, ObjectStore } from '../storage/index.ts';
import { gatherBody } from './gather-body.ts';
import { StorageBufferPool } from './storage-buffer-pool.ts';
import type { StorageExchange } from './storage-exchange.ts';

/** Larger than any file restic writes: a pack holds at most one blob of 4 GiB beyond its target. */
const maxObjectBytes = 8 * 1024 ** 3;

/** All uploads of a process share it, whatever listener they came by. */
const buffers = new StorageBufferPool();

/** Answers POST of an object: stores the body as it comes. A failure leaves the rest of the body unread. */
export async function receiveObject(
  store: ObjectStore,
  ref: ObjectRef,
  exchange: StorageExchange,
): Promise<void> {
  const size = announcedSize(exchange.request.headers['content-length']);
  const buffer = buffers.take();
  try {
    await store.write(ref, countedBody(exchange, buffer), { size });
  } finally {
    if (buffer !== undefined) buffers.give(buffer);
  }
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

async function* countedBody(exchange: StorageExchange, buffer: Buffer | undefined): AsyncGenerator<Bytes> {
  const { request } = exchange;
  const pieces =
    buffer === undefined ? request.iterator({ destroyOnReturn: false }) : gatherBody(request, buffer);
  for await (const piece of pieces) {
    exchange.receivedBytes += (piece as Bytes).length;
    yield piece as Bytes;
  }
}
