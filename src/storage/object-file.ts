import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { type Bytes, HoldfastError, systemErrorCode } from '../base/index.ts';
import type { LocalLayout } from './local-layout.ts';
import type { ResolvedRange } from './object-body.ts';
import { formatObjectRef, notFoundError, type ObjectRef } from './object-store.ts';

/** Follows no link, and does not wait for a writer when somebody put a pipe there. */
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Bytes read ahead for each open stream. */
const streamBytes = 128 * 1024;

/** The size of an object's file; `object_not_found` when there is none. */
export async function statObjectFile(layout: LocalLayout, ref: ObjectRef): Promise<number> {
  return regularSize(await orNotFound(lstat(layout.path(ref)), layout, ref), layout, ref);
}

/** An object's file, open for reading, and its size; the caller closes it. `object_not_found` when there is none. */
export async function openObjectFile(
  layout: LocalLayout,
  ref: ObjectRef,
): Promise<{ file: FileHandle; size: number }> {
  const file = await orNotFound(open(layout.path(ref), readFlags), layout, ref);
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
