import { createHash } from 'node:crypto';
import { type FileHandle, lstat, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  type Bytes,
  isAbandoned,
  isHoldfastError,
  makePrivateDirectory,
  readNoFollow,
  temporaryName,
} from '../base/index.ts';
import { ForwardingStore } from './forwarding-store.ts';
import { readFully, resolveRange } from './object-body.ts';
import {
  type ByteRange,
  isObjectId,
  type ListOptions,
  type NamedRef,
  type ObjectBody,
  type ObjectId,
  type ObjectInfo,
  type ObjectRef,
  type ObjectStore,
  type ObjectType,
  objectTypes,
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
    const { maxBytes = 2 * 1024 ** 3 } = options;
    const cache = new ObjectCache(directory, maxBytes);
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

/**
 * Copies of objects in a local directory. Whatever is wrong with the directory or with a file in it is the same as a
 * copy that is not there: a cache never fails.
 */
class ObjectCache {
  readonly #directory: string;
  readonly #maxBytes: number;
  /** Sizes of the copies whose bytes this process has seen to be right. */
  readonly #verified = new Map<ObjectId, number>();
  #addedBytes = 0;

  /** At most `maxBytes` are kept, give or take an eighth. */
  constructor(directory: string, maxBytes: number) {
    this.#directory = directory;
    this.#maxBytes = maxBytes;
  }

  /**
   * The bytes of a copy, or the part asked for. When a process first uses a copy, all of it is compared with its name;
   * later its size is. `range_not_satisfiable` is the one error.
   */
  async get(ref: NamedRef, range: ByteRange | undefined): Promise<Bytes | undefined> {
    try {
      await using file = await open(this.#path(ref), readNoFollow);
      return await this.#readVerified(file, ref, range);
    } catch (error) {
      if (isHoldfastError(error, 'range_not_satisfiable')) throw error;
      return undefined;
    }
  }

  /** Keeps a copy of an object, unless it is so large that little else would have room. */
  async put(ref: NamedRef, parts: readonly Bytes[]): Promise<void> {
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    if (size > this.#maxBytes / 8) return;
    const temporary = `${this.#path(ref)}.${temporaryName()}${temporarySuffix}`;
    try {
      await makePrivateDirectory(join(this.#directory, ref.type));
      await writeFile(temporary, parts, { flag: 'wx', mode: 0o600 });
      await rename(temporary, this.#path(ref));
      await this.#grown(size);
    } catch {
      await rm(temporary, { force: true }).catch(() => {});
    }
  }

  /** Forgets a copy. */
  async drop(ref: NamedRef): Promise<void> {
    this.#verified.delete(ref.name);
    await rm(this.#path(ref), { force: true }).catch(() => {});
  }

  /** Forgets the copies of one type whose objects are no longer among `names`. */
  async retain(type: ObjectType, names: ReadonlySet<ObjectId>): Promise<void> {
    for (const name of await readdir(join(this.#directory, type)).catch(() => [])) {
      if (isObjectId(name) && !names.has(name)) await this.drop({ type, name });
    }
  }

  /** Gives up what has not been used for longest, when it has become too much. */
  async trim(): Promise<void> {
    this.#addedBytes = 0;
    await trimCache(this.#directory, this.#maxBytes).catch(() => {});
  }

  async #readVerified(
    file: FileHandle,
    ref: NamedRef,
    range: ByteRange | undefined,
  ): Promise<Bytes | undefined> {
    const { size } = await file.stat();
    if (this.#verified.get(ref.name) === size)
      return await readFully(file, ref, resolveRange(ref, size, range));
    const bytes = await readFully(file, ref, { offset: 0, length: size });
    if (createHash('sha256').update(bytes).digest('hex') !== ref.name) {
      await this.drop(ref);
      return undefined;
    }
    this.#verified.set(ref.name, size);
    return partOf(bytes, ref, range);
  }

  async #grown(bytes: number): Promise<void> {
    this.#addedBytes += bytes;
    if (this.#addedBytes > this.#maxBytes / 8) await this.trim();
  }

  #path(ref: NamedRef): string {
    return join(this.#directory, ref.type, ref.name);
  }
}

/** The part of a whole object that `range` means, in memory of its own so that the rest can be freed. */
function partOf(bytes: Bytes, ref: ObjectRef, range: ByteRange | undefined): Bytes {
  if (range === undefined) return bytes;
  const { offset, length } = resolveRange(ref, bytes.length, range);
  return new Uint8Array(bytes.subarray(offset, offset + length));
}

/** How the names of copies end that are not whole yet. */
const temporarySuffix = '.part';

/** What is left when a cache has grown too large. */
const keptPart = 3 / 4;

interface CacheFile {
  readonly path: string;
  readonly size: number;
  readonly usedMs: number;
}

/** Gives up the copies used longest ago when there are more than `maxBytes`, and parts that a crash left. */
async function trimCache(directory: string, maxBytes: number, nowMs: number = Date.now()): Promise<void> {
  const files = await cacheFiles(directory);
  const left = files.filter(
    ({ path, usedMs }) =>
      path.endsWith(temporarySuffix) && isAbandoned(path.slice(0, -temporarySuffix.length), usedMs, nowMs),
  );
  const copies = files.filter((file) => !file.path.endsWith(temporarySuffix));
  for (const { path } of [...left, ...surplus(copies, maxBytes)]) await rm(path, { force: true });
}

function surplus(copies: readonly CacheFile[], maxBytes: number): readonly CacheFile[] {
  let size = copies.reduce((sum, file) => sum + file.size, 0);
  if (size <= maxBytes) return [];
  const oldestFirst = copies.toSorted((a, b) => a.usedMs - b.usedMs);
  return oldestFirst.filter((file) => {
    if (size <= maxBytes * keptPart) return false;
    size -= file.size;
    return true;
  });
}

async function cacheFiles(directory: string): Promise<readonly CacheFile[]> {
  const files: CacheFile[] = [];
  for (const type of objectTypes) {
    for (const name of await readdir(join(directory, type)).catch(() => [])) {
      if (!isObjectId(name) && !name.endsWith(temporarySuffix)) continue;
      const path = join(directory, type, name);
      const stat = await lstat(path).catch(() => undefined);
      if (stat?.isFile()) files.push({ path, size: stat.size, usedMs: Math.max(stat.mtimeMs, stat.atimeMs) });
    }
  }
  return files;
}
