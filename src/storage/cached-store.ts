import { Readable } from 'node:stream';
import type { Bytes } from '../base/index.ts';
import { ForwardingStore } from './forwarding-store.ts';
import { ObjectCache, partOf } from './object-cache.ts';
import {
  type ListOptions,
  type NamedRef,
  type ObjectBody,
  type ObjectInfo,
  type ObjectRef,
  type ObjectStore,
  type ObjectType,
  type ReadOptions,
  replacedBy,
  type WriteOptions,
} from './object-store.ts';

interface CacheOptions {
  /** How much is kept, give or take an eighth; 2 GiB unless said. */
  readonly maxBytes?: number;
}

/**
 * A distant store with copies in a local directory of what is read again and again: indexes, snapshots, and whatever
 * is read or written with `keep`. Copies are compared with their names before use, so a cache that is damaged, old or
 * gone costs time and nothing else. What is there at all, only the distant store says.
 */
export class CachedStore extends ForwardingStore {
  readonly #cache: ObjectCache;
  /** Whole objects on their way here, so that many parts of one are fetched once. */
  readonly #fetching = new Map<string, Promise<Bytes>>();

  private constructor(inner: ObjectStore, cache: ObjectCache) {
    super(inner);
    this.#cache = cache;
  }

  /** A cache of `inner` in `directory`, which is made when it is first needed. */
  static async open(inner: ObjectStore, directory: string, options: CacheOptions = {}): Promise<CachedStore> {
    const cache = new ObjectCache(directory, options.maxBytes);
    await cache.trim();
    return new CachedStore(inner, cache);
  }

  override async list(type: ObjectType, options?: ListOptions): Promise<readonly ObjectInfo[]> {
    const infos = await super.list(type, options);
    await this.#cache.retain(type, new Set(infos.map(({ name }) => name)));
    return infos;
  }

  override async read(ref: ObjectRef, options: ReadOptions = {}): Promise<Bytes> {
    if (!isKept(ref, options)) return await super.read(ref, options);
    options.signal?.throwIfAborted();
    const copy = await this.#cache.get(ref, options.range);
    return copy ?? partOf(await this.#fetch(ref, options.signal), ref, options.range);
  }

  override async stream(ref: ObjectRef, options: ReadOptions = {}): Promise<Readable> {
    if (!isKept(ref, options)) return await super.stream(ref, options);
    return Readable.from([await this.read(ref, options)], { objectMode: false });
  }

  override async write(ref: ObjectRef, body: ObjectBody, options: WriteOptions): Promise<void> {
    await super.write(ref, body, options);
    const replaced = replacedBy(ref, options);
    if (replaced !== undefined) await this.#cache.drop(replaced);
    if (isKept(ref, options) && Array.isArray(body)) await this.#cache.put(ref, body as readonly Bytes[]);
  }

  override async remove(ref: ObjectRef, options?: { signal?: AbortSignal }): Promise<void> {
    await super.remove(ref, options);
    if (ref.type !== 'config') await this.#cache.drop(ref);
  }

  async #fetch(ref: NamedRef, signal: AbortSignal | undefined): Promise<Bytes> {
    const running = this.#fetching.get(ref.name);
    // Another's fetch may fail for reasons of its own, such as its signal; then this one is made.
    const shared = await running?.catch(() => undefined);
    if (shared !== undefined) return new Uint8Array(shared);
    const fetching = this.#fetchAndKeep(ref, signal);
    this.#fetching.set(ref.name, fetching);
    try {
      return await fetching;
    } finally {
      if (this.#fetching.get(ref.name) === fetching) this.#fetching.delete(ref.name);
    }
  }

  async #fetchAndKeep(ref: NamedRef, signal: AbortSignal | undefined): Promise<Bytes> {
    const bytes = await super.read(ref, { signal });
    await this.#cache.put(ref, [bytes]);
    return bytes;
  }
}

function isKept(ref: ObjectRef, { keep = false }: { keep?: boolean }): ref is NamedRef {
  return ref.type === 'index' || ref.type === 'snapshots' || (keep && ref.type === 'data');
}
