import { createHash, type Hash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { type Bytes, HoldfastError, readNoFollow, systemErrorCode } from '../base/index.ts';
import type { LocalLayout } from './local-layout.ts';
import {
  type ByteRange,
  formatObjectRef,
  notFoundError,
  type ObjectBody,
  type ObjectRef,
} from './object-store.ts';

/** A part of an object of known size: `length` bytes from `offset` on, all of them inside. */
interface ResolvedRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * The part of an object of `size` bytes that `range` means; all of it when there is none.
 * A range that is not wholly inside is `range_not_satisfiable`, one that means no bytes a `TypeError`.
 */
export function resolveRange(ref: ObjectRef, size: number, range: ByteRange | undefined): ResolvedRange {
  if (range === undefined) return { offset: 0, length: size };
  checkRange(range);
  const { offset, length = size - offset } = range;
  if (offset >= size || offset + length > size) throw rangeError(ref, range, size);
  return { offset, length };
}

/** Refuses, as a programmer's mistake, a range that no object could satisfy. */
export function checkRange({ offset, length }: ByteRange): void {
  if (!Number.isSafeInteger(offset) || offset < 0) throw new TypeError(`range offset ${offset}`);
  if (length !== undefined && (!Number.isSafeInteger(length) || length < 1)) {
    throw new TypeError(`range length ${length}`);
  }
}

/** The `range_not_satisfiable` of reading `range` from an object of `size` bytes, when the size is known. */
export function rangeError(ref: ObjectRef, range: ByteRange, size?: number): HoldfastError {
  const wanted = range.length === undefined ? `from ${range.offset}` : `${range.length} from ${range.offset}`;
  const found = size === undefined ? '' : `, which has ${size}`;
  return new HoldfastError(
    'range_not_satisfiable',
    `bytes ${wanted} are not all inside ${formatObjectRef(ref)}${found}`,
  );
}

/** The pieces of `body` one after the other; a wait for the next one ends when `signal` is aborted. */
export async function* bodyChunks(body: ObjectBody, signal: AbortSignal | undefined): AsyncGenerator<Bytes> {
  signal?.throwIfAborted();
  if (signal === undefined || Symbol.iterator in body) {
    for await (const chunk of body) {
      signal?.throwIfAborted();
      yield chunk;
    }
    return;
  }
  yield* abortableChunks(body, signal);
}

async function* abortableChunks(body: AsyncIterable<Bytes>, signal: AbortSignal): AsyncGenerator<Bytes> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  aborted.promise.catch(() => {});
  signal.addEventListener('abort', onAbort, { once: true });
  const iterator = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted.promise]);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Not awaited: a generator that waits for something else would answer only when that comes.
    Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

/**
 * Checks bytes on their way into a store against what was announced: the size while they come, the name at the end.
 * Both complaints are `object_corrupt`.
 */
export class ObjectDigest {
  readonly #ref: ObjectRef;
  readonly #size: number;
  readonly #hash: Hash = createHash('sha256');
  #received = 0;

  constructor(ref: ObjectRef, size: number) {
    if (!Number.isSafeInteger(size) || size < 0) throw new TypeError(`object size ${size}`);
    this.#ref = ref;
    this.#size = size;
  }

  /** Takes the next bytes; throws as soon as there are more than announced. */
  update(bytes: Bytes): void {
    this.#received += bytes.length;
    if (this.#received > this.#size) {
      throw this.#corrupt(`more than the announced ${this.#size} bytes were sent`);
    }
    this.#hash.update(bytes);
  }

  /** The SHA-256 of what came, in hexadecimal; throws unless exactly the announced bytes did. */
  sum(): string {
    if (this.#received !== this.#size) {
      throw this.#corrupt(`${this.#received} of the announced ${this.#size} bytes were sent`);
    }
    return this.#hash.digest('hex');
  }

  /** The same, and throws unless it is the object's name; `config` has a name of its own. */
  finish(): string {
    const sum = this.sum();
    if (this.#ref.type !== 'config' && sum !== this.#ref.name) {
      throw this.#corrupt(`the bytes sent have the SHA-256 ${sum}`);
    }
    return sum;
  }

  #corrupt(found: string): HoldfastError {
    return new HoldfastError('object_corrupt', `${formatObjectRef(this.#ref)} was not stored: ${found}`);
  }
}

/**
 * The pieces of `body` for whoever cannot take back what it was given: the last byte comes once all are found to be what was
 * announced, so that nothing else is ever whole. Until then each piece is given without its last byte, which comes before the next
 * one. The complaints are `object_corrupt`.
 */
export async function* checkedChunks(
  ref: ObjectRef,
  body: ObjectBody,
  { size, signal }: { readonly size: number; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<Bytes> {
  const digest = new ObjectDigest(ref, size);
  let left = size;
  let held: Bytes | undefined;
  if (left === 0) digest.finish();
  for await (const chunk of bodyChunks(body, signal)) {
    if (chunk.length === 0) continue;
    digest.update(chunk);
    left -= chunk.length;
    if (left === 0) digest.finish();
    if (held !== undefined) yield held;
    held = left === 0 ? undefined : new Uint8Array(chunk.subarray(-1));
    const given = held === undefined ? chunk : chunk.subarray(0, -1);
    if (given.length > 0) yield given;
  }
  if (left > 0) digest.finish();
}

/** A body that is made anew each time that it is sent. */
export class RepeatedBody implements AsyncIterable<Bytes> {
  readonly #make: () => AsyncIterator<Bytes>;

  constructor(make: () => AsyncIterator<Bytes>) {
    this.#make = make;
  }

  [Symbol.asyncIterator](): AsyncIterator<Bytes> {
    return this.#make();
  }
}

/** Whether `body` can be sent a second time: an array can, a generator gives itself and is used up. */
export function isRepeatable(body: ObjectBody): boolean {
  if (body instanceof RepeatedBody) return true;
  return Symbol.iterator in body && (body[Symbol.iterator]() as unknown) !== body;
}

/** Bytes read ahead for each open stream. */
const streamBytes = 256 * 1024;

/** The size of an object's file; `object_not_found` when there is none. */
export async function statObjectFile(layout: LocalLayout, ref: ObjectRef): Promise<number> {
  return regularSize(await orNotFound(lstat(layout.path(ref)), layout, ref), layout, ref);
}

/** An object's file, open for reading, and its size; the caller closes it. `object_not_found` when there is none. */
export async function openObjectFile(
  layout: LocalLayout,
  ref: ObjectRef,
): Promise<{ file: FileHandle; size: number }> {
  const file = await orNotFound(open(layout.path(ref), readNoFollow), layout, ref);
  try {
    return { file, size: regularSize(await file.stat(), layout, ref) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Exactly the bytes of `part`; `storage_failed` when the file ends before. */
export async function readFully(file: FileHandle, ref: ObjectRef, part: ResolvedRange): Promise<Bytes> {
  const bytes = Buffer.allocUnsafeSlow(part.length);
  let filled = 0;
  while (filled < part.length) {
    const { bytesRead } = await file.read(bytes, filled, part.length - filled, part.offset + filled);
    if (bytesRead === 0) throw new HoldfastError('storage_failed', `${formatObjectRef(ref)} became shorter`);
    filled += bytesRead;
  }
  return bytes;
}

/** The bytes of a part of `file` as a stream that closes it; it is closed too when there is no such part. */
export async function streamFile(
  file: FileHandle,
  part: () => ResolvedRange,
  signal: AbortSignal | undefined,
): Promise<Readable> {
  try {
    const { offset, length } = part();
    const end = offset + length - 1;
    // A stream cannot be told to end before its first byte; of an empty file it reads none anyhow.
    const bounds = length === 0 ? {} : { start: offset, end };
    const options = { ...bounds, highWaterMark: streamBytes };
    return file.createReadStream(signal === undefined ? options : { ...options, signal });
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Whether a directory is at `path`. */
export async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

async function orNotFound<T>(work: Promise<T>, layout: LocalLayout, ref: ObjectRef): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') throw notFoundError(ref, layout.directory, error);
    throw error;
  }
}

function regularSize(stat: Stats, layout: LocalLayout, ref: ObjectRef): number {
  if (stat.isFile()) return stat.size;
  throw new HoldfastError('storage_failed', `${layout.path(ref)} is not a regular file`);
}
