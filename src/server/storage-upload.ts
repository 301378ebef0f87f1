import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { type Bytes, freeBytes, HoldfastError } from '../base/index.ts';
import { isObjectId, type ObjectId, type ObjectRef, type ObjectStore } from '../storage/index.ts';
import type { StorageExchange } from './storage-path.ts';

/** Larger than any file restic writes: a pack holds at most one blob of 4 GiB beyond its target. */
const maxObjectBytes = 8 * 1024 ** 3;

/** Answers POST of an object: stores the body as it comes. A failure leaves the rest of the body unread. */
export async function receiveObject(
  store: ObjectStore,
  ref: ObjectRef,
  exchange: StorageExchange,
): Promise<void> {
  const { headers } = exchange.request;
  const size = announcedSize(headers['content-length']);
  // A line that proves nothing carries what its ticket names, and no more.
  const replaces = exchange.seal === undefined ? replacedName(headers) : undefined;
  const buffer = buffers.take();
  try {
    await store.write(ref, countedBody(exchange, buffer), { size, replaces });
  } finally {
    if (buffer !== undefined) buffers.give(buffer);
  }
}

/** By it our own clients say which snapshot it is that another comes in the place of. */
export const replacesHeader = 'holdfast-replaces';

/** That snapshot. @throws HoldfastError `object_name_invalid` */
function replacedName(headers: IncomingHttpHeaders): ObjectId | undefined {
  const name = headers[replacesHeader];
  if (name === undefined) return undefined;
  if (typeof name === 'string' && isObjectId(name)) return name;
  throw new HoldfastError('object_name_invalid', `${replacesHeader} names no object`);
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

/** Large enough that system calls do not count, small enough for many uploads at a time. */
const bufferBytes = 128 * 1024;

/** Uploads with a buffer of their own; 16 MiB in all. */
const maxBuffers = 128;

/** Those that are kept when nobody needs them. */
const maxFree = 16;

/**
 * The memory in which uploads are gathered. It is bounded and used again and again: a fresh buffer for each piece
 * would wait for the garbage collector, many times over what is in use. When it is all taken, `take` gives nothing
 * and nobody waits: slow peers cannot keep the others from their memory.
 */
class StorageBufferPool {
  readonly #free: Buffer[] = [];
  #taken = 0;

  take(): Buffer | undefined {
    if (this.#taken === maxBuffers) return undefined;
    this.#taken++;
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
  }

  give(buffer: Buffer): void {
    this.#taken--;
    if (this.#free.length < maxFree) this.#free.push(buffer);
    else freeBytes(buffer);
  }
}

/** All uploads of a process share it, whatever listener they came by. */
const buffers = new StorageBufferPool();

/**
 * The body of `request` in pieces as large as `buffer`, the last one excepted, all in that same memory: each piece is
 * valid until the next is asked for. TLS gives 16 KiB at a time; hashing and writing like more. Stopping early does not
 * end the connection, so that an answer can still be sent.
 */
async function* gatherBody(request: IncomingMessage, buffer: Buffer): AsyncGenerator<Bytes> {
  const gatherer = new Gatherer(request, buffer);
  try {
    for (;;) {
      const piece = await gatherer.next();
      if (piece.length === 0) return;
      yield piece;
    }
  } finally {
    gatherer.stop();
  }
}

const nothing = Buffer.alloc(0);

class Gatherer {
  readonly #request: IncomingMessage;
  readonly #buffer: Buffer;
  #filled = 0;
  /** What came beyond the end of the buffer. */
  #rest: Buffer = nothing;
  #ended = false;
  #failure: Error | undefined;
  #wake: () => void = () => {};

  constructor(request: IncomingMessage, buffer: Buffer) {
    this.#request = request;
    this.#buffer = buffer;
    request
      .on('data', this.#onData)
      .on('end', this.#onEnd)
      .on('error', this.#onError)
      .on('close', this.#onClose);
    if (request.destroyed) this.#onClose();
  }

  /** A full buffer, or what was left at the end; then nothing. */
  async next(): Promise<Bytes> {
    this.#filled = 0;
    this.#take(this.#rest);
    while (this.#filled < this.#buffer.length && !this.#ended) {
      if (this.#failure !== undefined) throw this.#failure;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      this.#request.resume();
      await promise;
    }
    return this.#buffer.subarray(0, this.#filled);
  }

  stop(): void {
    this.#request
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('error', this.#onError)
      .off('close', this.#onClose);
  }

  #take(chunk: Buffer): void {
    const copied = chunk.copy(this.#buffer, this.#filled);
    this.#filled += copied;
    this.#rest = copied === chunk.length ? nothing : chunk.subarray(copied);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#take(chunk);
    // Not before the parser that gave it is done with it.
    if (this.#rest.length === 0) process.nextTick(freeBytes, chunk);
    if (this.#filled < this.#buffer.length) return;
    this.#request.pause();
    this.#wake();
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#wake();
  };

  readonly #onError = (error: Error): void => {
    this.#failure = error;
    this.#wake();
  };

  readonly #onClose = (): void => {
    if (!this.#ended) this.#onError(this.#failure ?? new Error('the peer closed the connection'));
  };
}
