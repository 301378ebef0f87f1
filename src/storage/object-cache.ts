import { createHash } from 'node:crypto';
import { type FileHandle, lstat, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Bytes,
  isAbandoned,
  isHoldfastError,
  makePrivateDirectory,
  readNoFollow,
  temporaryName,
} from '../base/index.ts';
import { readFully, resolveRange } from './object-body.ts';
import {
  type ByteRange,
  isObjectId,
  type NamedRef,
  type ObjectId,
  type ObjectInfo,
  type ObjectRef,
  type ObjectType,
  objectTypes,
} from './object-store.ts';

/**
 * Copies of objects in a local directory. Whatever is wrong with the directory or with a file in it is the same as a
 * copy that is not there: a cache never fails.
 */
export class ObjectCache {
  readonly #directory: string;
  readonly #maxBytes: number;
  /** Sizes of the copies whose bytes this process has seen to be right. */
  readonly #verified = new Map<ObjectId, number>();
  #addedBytes = 0;

  /** At most `maxBytes` are kept, give or take an eighth. */
  constructor(directory: string, maxBytes: number = usualMaxBytes) {
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

  /** The copies of one type that are there. */
  async list(type: ObjectType): Promise<readonly ObjectInfo[]> {
    const infos: ObjectInfo[] = [];
    for (const name of await readdir(join(this.#directory, type)).catch(() => [])) {
      if (!isObjectId(name)) continue;
      const stat = await lstat(join(this.#directory, type, name)).catch(() => undefined);
      if (stat?.isFile()) infos.push({ name, size: stat.size });
    }
    return infos;
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
export function partOf(bytes: Bytes, ref: ObjectRef, range: ByteRange | undefined): Bytes {
  if (range === undefined) return bytes;
  const { offset, length } = resolveRange(ref, bytes.length, range);
  return new Uint8Array(bytes.subarray(offset, offset + length));
}

const usualMaxBytes = 2 * 1024 ** 3;

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
