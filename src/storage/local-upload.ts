import { type FileHandle, link, lstat, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bytes, systemErrorCode, temporaryName } from '../base/index.ts';
import { bodyChunks } from './body-chunks.ts';
import type { ObjectDigest } from './object-digest.ts';
import type { ObjectBody } from './object-store.ts';

export const temporarySuffix = '.upload';

/** A whole upload that has no name yet. */
interface Upload {
  readonly path: string;
  readonly sha256: string;
}

/**
 * Writes `body` to a new file in `directory` and makes it durable. When anything fails (the disk,
 * the body, the digest, the caller by `signal`) the file is gone and the failure is thrown.
 */
export async function uploadToTemporary(
  directory: string,
  body: ObjectBody,
  digest: ObjectDigest,
  signal: AbortSignal | undefined,
): Promise<Upload> {
  const path = join(directory, temporaryName() + temporarySuffix);
  try {
    await using file = await open(path, 'wx', 0o600);
    for await (const chunk of bodyChunks(body, signal)) {
      digest.update(chunk);
      await writeAll(file, chunk);
    }
    const sha256 = digest.finish();
    await file.sync();
    signal?.throwIfAborted();
    return { path, sha256 };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
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
export async function publishFile(temporary: string, path: string): Promise<'published' | 'exists'> {
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
