import { Readable } from 'node:stream';
import { type Bytes, HoldfastError, isHoldfastError } from '../base/index.ts';
import { ForwardingStore } from './forwarding-store.ts';
import { ObjectCache } from './object-cache.ts';
import type {
  ListOptions,
  ObjectBody,
  ObjectInfo,
  ObjectRef,
  ObjectStore,
  ObjectType,
  ReadOptions,
  WriteOptions,
} from './object-store.ts';

/** What of the distant store is here, and how much may be written. */
interface SpoolOptions {
  /** Of a `CachedStore`: copies of what was read and written. */
  readonly cache: string;
  /** So much in all. */
  readonly maxBytes: number;
  /** So much by the disk, as it is at that moment. */
  readonly freeBytes: () => Promise<number>;
}

/**
 * Stands for a distant store that cannot be reached: what is written goes into a store here, and what is asked for is taken from there, or
 * from the copies that a cache has. What is not copied is not there.
 */
export class SpoolStore extends ForwardingStore {
  readonly #options: SpoolOptions;
  readonly #copies: ObjectCache;
  /** What was written, or is on its way in. */
  #takenBytes = 0;

  constructor(inner: ObjectStore, options: SpoolOptions) {
    super(inner);
    this.#options = options;
    this.#copies = new ObjectCache(options.cache);
  }

  override async list(type: ObjectType, options?: ListOptions): Promise<readonly ObjectInfo[]> {
    const own = await super.list(type, options);
    if (type !== 'index' && type !== 'snapshots') return own;
    const known = new Set(own.map(({ name }) => name));
    return [...own, ...(await this.#copies.list(type)).filter(({ name }) => !known.has(name))];
  }

  override async read(ref: ObjectRef, options: ReadOptions = {}): Promise<Bytes> {
    try {
      return await super.read(ref, options);
    } catch (error) {
      if (ref.type === 'config' || !isHoldfastError(error, 'object_not_found')) throw error;
      const copy = await this.#copies.get(ref, options.range);
      if (copy === undefined) throw error;
      return copy;
    }
  }

  override async stream(ref: ObjectRef, options: ReadOptions = {}): Promise<Readable> {
    return Readable.from([await this.read(ref, options)], { objectMode: false });
  }

  /** @throws HoldfastError `spool_full` when more would be written than may be */
  override async write(ref: ObjectRef, body: ObjectBody, options: WriteOptions): Promise<void> {
    const { maxBytes, freeBytes } = this.#options;
    const left = Math.min(maxBytes - this.#takenBytes, await freeBytes());
    if (options.size > left) throw this.#full(options.size, left);
    this.#takenBytes += options.size;
    await super.write(ref, body, options);
  }

  #full(bytes: number, left: number): HoldfastError {
    const found = `${bytes} bytes were to be kept in ${this.location}`;
    return new HoldfastError('spool_full', `${found}, which takes ${Math.max(0, Math.floor(left))} more`);
  }
}
