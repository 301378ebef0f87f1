import { createHash } from 'node:crypto';
import { type FileHandle, link, lstat, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Bytes,
  HoldfastError,
  hourMs,
  isHoldfastError,
  removeAbandoned,
  syncDirectory,
  systemErrorCode,
  temporaryName,
} from '../base/index.ts';
import { type LocalLayout, makeDirectoriesBelow } from './local-layout.ts';
import { bodyChunks, isDirectory, ObjectDigest, openObjectFile, statObjectFile } from './object-body.ts';
import { type ArrivingWrite, existsError, type ObjectBody, type ObjectRef } from './object-store.ts';

/** Puts files into a repository's directory and takes them out, durably. */
export class LocalWriter {
  readonly #layout: LocalLayout;
  readonly #now: (() => number) | undefined;
  #ready: Promise<void> | undefined;
  #sweptMs = Number.NEGATIVE_INFINITY;

  constructor(layout: LocalLayout, now?: () => number) {
    this.#layout = layout;
    this.#now = now;
  }

  async write(ref: ObjectRef, body: ObjectBody, options: ArrivingWrite): Promise<void> {
    const digest = new ObjectDigest(ref, options.size);
    options.signal?.throwIfAborted();
    await this.#prepare();
    const stored = await this.#storedSize(ref);
    if (stored === undefined) await this.#store(ref, body, digest, options);
    else if (stored !== options.size) throw existsError(ref, this.#layout.directory);
    else await this.#compareBody(ref, body, digest, options.signal);
    await syncDirectory(this.#layout.parent(ref));
  }

  /** Durable at once except for packs, which are the last to go: nothing is removed because they are gone. */
  async remove(ref: ObjectRef): Promise<void> {
    await rm(this.#layout.path(ref), { force: true });
    if (ref.type !== 'data' && (await isDirectory(this.#layout.parent(ref)))) {
      await syncDirectory(this.#layout.parent(ref));
    }
  }

  /** Before the first write, and once an hour: there must be a repository, and what a crash left is removed. */
  async #prepare(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.#sweptMs > hourMs) this.#ready = undefined;
    if (this.#ready === undefined) this.#sweptMs = nowMs;
    this.#ready ??= this.#sweep();
    try {
      await this.#ready;
    } catch (error) {
      this.#ready = undefined;
      throw error;
    }
  }

  async #sweep(): Promise<void> {
    const { directory, temporary } = this.#layout;
    if (!(await isDirectory(directory))) {
      throw new HoldfastError('repository_missing', `there is no repository in ${directory}`);
    }
    await makeDirectoriesBelow(directory, [temporary]);
    await removeAbandoned(temporary, { begin: '', end: temporarySuffix });
  }

  async #store(
    ref: ObjectRef,
    body: ObjectBody,
    digest: ObjectDigest,
    { signal, arrivedMs = this.#now?.() }: Pick<ArrivingWrite, 'signal' | 'arrivedMs'>,
  ): Promise<void> {
    const upload = await uploadToTemporary(this.#layout.temporary, body, { digest, signal, arrivedMs });
    try {
      const outcome = await this.#publish(upload.path, ref);
      if (outcome === 'exists') await this.#compareStored(ref, upload.sha256);
    } finally {
      await rm(upload.path, { force: true });
    }
  }

  /** Some tools remove empty directories, so one that is missing is made again. */
  async #publish(temporary: string, ref: ObjectRef): Promise<'published' | 'exists'> {
    try {
      return await publishFile(temporary, this.#layout.path(ref));
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw error;
      await makeDirectoriesBelow(this.#layout.directory, [this.#layout.parent(ref)]);
      return await publishFile(temporary, this.#layout.path(ref));
    }
  }

  async #compareBody(
    ref: ObjectRef,
    body: ObjectBody,
    digest: ObjectDigest,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    for await (const chunk of bodyChunks(body, signal)) digest.update(chunk);
    await this.#compareStored(ref, digest.sum());
  }

  /** What is stored is read, since to answer that a damaged copy is the same would lose the good one. */
  async #compareStored(ref: ObjectRef, sha256: string): Promise<void> {
    const hash = createHash('sha256');
    const { file } = await openObjectFile(this.#layout, ref);
    for await (const chunk of file.createReadStream()) hash.update(chunk as Uint8Array);
    if (hash.digest('hex') !== sha256) throw existsError(ref, this.#layout.directory);
  }

  async #storedSize(ref: ObjectRef): Promise<number | undefined> {
    try {
      return await statObjectFile(this.#layout, ref);
    } catch (error) {
      if (isHoldfastError(error, 'object_not_found')) return undefined;
      throw error;
    }
  }
}

const temporarySuffix = '.upload';

/** A whole upload that has no name yet. */
interface Upload {
  readonly path: string;
  readonly sha256: string;
}

interface UploadOptions {
  readonly digest: ObjectDigest;
  readonly signal: AbortSignal | undefined;
  readonly arrivedMs: number | undefined;
}

/**
 * Writes `body` to a new file in `directory` and makes it durable. When anything fails (the disk,
 * the body, the digest, the caller by `signal`) the file is gone and the failure is thrown.
 */
async function uploadToTemporary(
  directory: string,
  body: ObjectBody,
  { digest, signal, arrivedMs }: UploadOptions,
): Promise<Upload> {
  const path = join(directory, temporaryName() + temporarySuffix);
  try {
    await using file = await open(path, 'wx', 0o600);
    for await (const chunk of bodyChunks(body, signal)) {
      digest.update(chunk);
      await writeAll(file, chunk);
    }
    const sha256 = digest.finish();
    if (arrivedMs !== undefined) await markArrival(file, arrivedMs);
    await file.sync();
    signal?.throwIfAborted();
    return { path, sha256 };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

async function markArrival(file: FileHandle, arrivedMs: number): Promise<void> {
  const arrived = new Date(arrivedMs);
  await file.utimes(arrived, arrived);
}

async function writeAll(file: FileHandle, bytes: Bytes): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    // A disk that becomes full may take a part before it says so.
    const { bytesWritten } = await file.write(bytes, written);
    written += bytesWritten;
  }
}

/**
 * Gives the file `temporary` the name `path`, never instead of a file that is there: then the answer is `exists`.
 * The caller removes `temporary` if it is still there, and syncs the directory.
 */
async function publishFile(temporary: string, path: string): Promise<'published' | 'exists'> {
  try {
    await link(temporary, path);
    return 'published';
  } catch (error) {
    const code = systemErrorCode(error) ?? '';
    if (code === 'EEXIST') return 'exists';
    if (!withoutHardLinks.includes(code)) throw error;
    return await renameUnlessThere(temporary, path);
  }
}

/** How file systems without hard links (exFAT, some network ones) refuse to make one. */
const withoutHardLinks: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/** Between the look and the rename another upload may win; it has then been replaced by the same bytes. */
async function renameUnlessThere(temporary: string, path: string): Promise<'published' | 'exists'> {
  if (await isThere(path)) return 'exists';
  await rename(temporary, path);
  return 'published';
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
