import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bytes, temporaryName } from '../base/index.ts';
import { bodyChunks } from './body-chunks.ts';
import type { ObjectDigest } from './object-digest.ts';
import type { ObjectBody } from './object-store.ts';

export const temporarySuffix = '.upload';

/** A whole upload that has no name yet. */
export interface Upload {
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
