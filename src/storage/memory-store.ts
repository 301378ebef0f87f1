import { Readable } from 'node:stream';
import { type Bytes, concatBytes, equalBytes } from '../base/index.ts';
import { bodyChunks, ObjectDigest, resolveRange } from './object-body.ts';
import {
  existsError,
  formatObjectRef,
  notFoundError,
  type ObjectBody,
  type ObjectId,
  type ObjectInfo,
  type ObjectRef,
  type ObjectStore,
  type ObjectType,
  type ReadOptions,
  replacedBy,
  type WriteOptions,
} from './object-store.ts';

/** A repository's files in memory: for tests, and for what need not outlive the process. */
export class MemoryStore implements ObjectStore {
  readonly location: string;
  readonly #objects = new Map<string, Bytes>();

  constructor(location = 'memory') {
    this.location = location;
  }

  async create(): Promise<void> {}

  async stat(ref: ObjectRef, options: { signal?: AbortSignal } = {}): Promise<number> {
    options.signal?.throwIfAborted();
    return this.#get(ref).length;
  }

  async list(type: ObjectType, options: { signal?: AbortSignal } = {}): Promise<readonly ObjectInfo[]> {
    options.signal?.throwIfAborted();
    const prefix = `${type}/`;
    return [...this.#objects]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, bytes]) => ({ name: key.slice(prefix.length) as ObjectId, size: bytes.length }));
  }

  async *scan(
    type: ObjectType,
    options: { signal?: AbortSignal } = {},
  ): AsyncIterable<readonly ObjectInfo[]> {
    yield await this.list(type, options);
  }

  async read(ref: ObjectRef, options: ReadOptions = {}): Promise<Bytes> {
    options.signal?.throwIfAborted();
    const bytes = this.#get(ref);
    const { offset, length } = resolveRange(ref, bytes.length, options.range);
    return new Uint8Array(bytes.subarray(offset, offset + length));
  }

  async stream(ref: ObjectRef, options: ReadOptions = {}): Promise<Readable> {
    return Readable.from([await this.read(ref, options)], { objectMode: false });
  }

  async write(ref: ObjectRef, body: ObjectBody, options: WriteOptions): Promise<void> {
    const digest = new ObjectDigest(ref, options.size);
    const chunks: Bytes[] = [];
    for await (const chunk of bodyChunks(body, options.signal)) {
      digest.update(chunk);
      chunks.push(new Uint8Array(chunk));
    }
    digest.finish();
    this.#put(ref, concatBytes(...chunks));
    const replaced = replacedBy(ref, options);
    if (replaced !== undefined) this.#objects.delete(formatObjectRef(replaced));
  }

  async remove(ref: ObjectRef, options: { signal?: AbortSignal } = {}): Promise<void> {
    options.signal?.throwIfAborted();
    this.#objects.delete(formatObjectRef(ref));
  }

  #get(ref: ObjectRef): Bytes {
    const bytes = this.#objects.get(formatObjectRef(ref));
    if (bytes === undefined) throw notFoundError(ref, this.location);
    return bytes;
  }

  #put(ref: ObjectRef, bytes: Bytes): void {
    const stored = this.#objects.get(formatObjectRef(ref));
    if (stored !== undefined && !equalBytes(stored, bytes)) throw existsError(ref, this.location);
    this.#objects.set(formatObjectRef(ref), bytes);
  }
}
