import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bytes } from '../base/index.ts';
import { bodyChunks } from './body-chunks.ts';
import type { ObjectDigest } from './object-digest.ts';
import type { ObjectBody } from './object-store.ts';

/** What is written at once: large enough that system calls do not count, small enough for many uploads at a time. */
const batchBytes = 256 * 1024;
/** A peer that sends single bytes must not make a batch cost more memory than its bytes. */
const batchChunks = 64;

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
  const path = join(directory, randomBytes(16).toString('hex') + temporarySuffix);
  try {
    await using file = await open(path, 'wx', 0o600);
    await writeChunks(file, body, digest, signal);
    const sha256 = digest.finish();
    await file.sync();
    signal?.throwIfAborted();
    return { path, sha256 };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

async function writeChunks(
  file: FileHandle,
  body: ObjectBody,
  digest: ObjectDigest,
  signal: AbortSignal | undefined,
): Promise<void> {
  let batch: Bytes[] = [];
  let size = 0;
  for await (const chunk of bodyChunks(body, signal)) {
    digest.update(chunk);
    batch.push(chunk);
    size += chunk.length;
    if (size < batchBytes && batch.length < batchChunks) continue;
    await writeAll(file, batch);
    batch = [];
    size = 0;
  }
  if (size > 0) await writeAll(file, batch);
}

async function writeAll(file: FileHandle, batch: readonly Bytes[]): Promise<void> {
  let rest = batch;
  for (;;) {
    const { bytesWritten } = await file.writev(rest);
    rest = afterBytes(rest, bytesWritten);
    if (rest.length === 0) return;
  }
}

/** What is left of `batch` after its first `count` bytes; a full disk may take only a part. */
function afterBytes(batch: readonly Bytes[], count: number): readonly Bytes[] {
  let taken = count;
  const index = batch.findIndex((chunk) => {
    if (taken < chunk.length) return true;
    taken -= chunk.length;
    return false;
  });
  const partly = batch[index];
  return partly === undefined ? [] : [partly.subarray(taken), ...batch.slice(index + 1)];
}
