import { closeSync, readSync } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Bytes,
  HoldfastError,
  isHoldfastError,
  removeLeftOf,
  systemErrorCode,
  temporaryBeside,
} from '../../base/index.ts';
import { lstat, openStat, pathText } from '../../files/index.ts';
import { contentSize } from '../dump/read-content.ts';
import { type BlobId, idOf } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { Repository } from '../repository.ts';
import { openQuietly } from '../restore/piece-sink.ts';
import type { SampledPart } from './draw-sample.ts';

/** What is the matter with a file of a snapshot. */
export interface DrillProblem {
  /**
   * - `damaged`: it cannot be restored as it was saved;
   * - `different`: it can, and the file on disk is another, though its size and its times say that nothing has changed.
   */
  readonly kind: 'damaged' | 'different';
  /** As `pathText` shows it. */
  readonly path: string;
  readonly message: string;
  /** The part of its content that it is about. */
  readonly blob?: BlobId;
}

/** What restoring a file, or a stretch of one, has shown. */
export interface FileProof {
  /** Bytes that were restored. */
  readonly bytes: number;
  /** Whether the file on disk was as it was saved, so that it was held against it too. */
  readonly isCompared: boolean;
  readonly problem?: DrillProblem;
}

/** How a file is proven. */
interface ProofOptions {
  readonly index: BlobIndex;
  /** Where it is restored to: it has no name there, and is gone with this process, however that ends. */
  readonly directory: string;
  /** When the snapshot was made, in nanoseconds since 1970. */
  readonly timeNs: bigint;
  readonly signal: AbortSignal;
}

/**
 * Restores a file of a snapshot, or a stretch of it, reads again what was written, and holds it against the hashes that the snapshot
 * names; and where the file on disk looks as it was saved, that one too.
 *
 * @throws HoldfastError where nothing can be said of it: the way to the store is lost, the disk is full (`storage_full`)
 */
export async function proveFile(
  repository: Repository,
  file: SampledPart,
  options: ProofOptions,
): Promise<FileProof> {
  const layout = layoutOf(file, options.index);
  if (typeof layout === 'string') return damaged(file, layout);
  const restored = await restoreStretch(repository, layout.blobs, options);
  if (typeof restored !== 'number') return damaged(file, restored.message, restored.blob);
  if (!looksAsSaved(file, options.timeNs)) return { bytes: restored, isCompared: false };
  const other = differingOnDisk(file, layout);
  // Whoever wrote to it meanwhile has changed its times.
  const isCompared = other !== 'unread' && looksAsSaved(file, options.timeNs);
  const problem = isCompared && other !== undefined ? { ...differs(file), blob: other } : undefined;
  return { bytes: restored, isCompared, ...(problem && { problem }) };
}

/** A part of a file, and how many bytes it has. */
interface Part {
  readonly id: BlobId;
  readonly bytes: number;
}

/** Where in its file a stretch begins, and its parts. */
interface Layout {
  readonly offset: number;
  readonly blobs: readonly Part[];
}

/** What of a file is meant, by the index; a sentence when that cannot be all of it. */
function layoutOf({ content, first, blobs }: SampledPart, index: BlobIndex): Layout | string {
  try {
    const stretch = content.slice(first, first + blobs);
    return {
      offset: contentSize(index, content.slice(0, first)),
      blobs: stretch.map((id) => ({ id, bytes: contentSize(index, [id]) })),
    };
  } catch (error) {
    return damageIn(error);
  }
}

/** How many bytes were restored and are what they should be; otherwise the first part that is not. */
async function restoreStretch(
  repository: Repository,
  parts: readonly Part[],
  { directory, signal }: ProofOptions,
): Promise<number | { readonly blob: BlobId; readonly message: string }> {
  await using copy = await openNameless(directory);
  let bytes = 0;
  for (const { id: blob } of parts) {
    try {
      const content = await repository.readBlob('data', blob, { signal });
      await write(copy, content, bytes);
      bytes += content.length;
    } catch (error) {
      return { blob, message: damageIn(error) };
    }
  }
  const other = differingPart({ offset: 0, blobs: parts }, copy.fd);
  if (other === undefined) return bytes;
  return { blob: other, message: 'what was restored reads otherwise from the disk of this machine' };
}

/** A file of this process alone, which nobody finds and nothing is left of. */
async function openNameless(directory: string): Promise<FileHandle> {
  const inDirectory = join(directory, 'drill');
  await removeLeftOf(inDirectory);
  const path = temporaryBeside(inDirectory);
  const handle = await open(path, 'wx+', 0o600);
  await unlink(path);
  return handle;
}

async function write(copy: FileHandle, content: Bytes, at: number): Promise<void> {
  try {
    for (let done = 0; done < content.length; )
      done += (await copy.write(content, done, content.length - done, at + done)).bytesWritten;
  } catch (cause) {
    if (!['ENOSPC', 'EDQUOT'].includes(systemErrorCode(cause) ?? '')) throw cause;
    throw new HoldfastError('storage_full', 'the disk has no room for what a drill restores', {
      hint: 'make room where the home is, or have less restored at once: --bytes 100MB',
      cause,
    });
  }
}

/** The first part that the file on disk has otherwise; `unread` where that file cannot be read. */
function differingOnDisk({ path }: SampledPart, layout: Layout): BlobId | 'unread' | undefined {
  try {
    const handle = openQuietly(path);
    try {
      return openStat(handle).kind === 'file' ? differingPart(layout, handle) : 'unread';
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return 'unread';
  }
}

function differingPart({ offset, blobs }: Layout, handle: number): BlobId | undefined {
  let at = offset;
  for (const { id, bytes } of blobs) {
    if (idOf(readExactly(handle, at, bytes)) !== id) return id;
    at += bytes;
  }
  return undefined;
}

/** The bytes there; fewer where the file ends before. */
function readExactly(handle: number, offset: number, length: number): Bytes {
  const bytes = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const read = readSync(handle, bytes, filled, length - filled, offset + filled);
    if (read === 0) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}

/** What was changed just before the snapshot may have been changed again while the clock stood. */
const freshNs = 2_000_000_000n;

/** Whether nobody has touched the file on disk since it was saved, by its size and its times. */
function looksAsSaved({ path, node }: SampledPart, timeNs: bigint): boolean {
  if (node.ctimeNs > timeNs - freshNs) return false;
  try {
    const { kind, size, mtimeNs, ctimeNs } = lstat(path);
    return kind === 'file' && size === node.size && mtimeNs === node.mtimeNs && ctimeNs === node.ctimeNs;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
}

function damaged({ path }: SampledPart, message: string, blob?: BlobId): FileProof {
  const problem = { kind: 'damaged' as const, path: pathText(path), message, ...(blob && { blob }) };
  return { bytes: 0, isCompared: false, problem };
}

function differs({ path }: SampledPart): DrillProblem {
  const message = 'it is not what was saved, and its size and times say that nobody has changed it';
  return { kind: 'different', path: pathText(path), message };
}

/** What says that something of a repository cannot be had; all else is thrown on. */
function damageIn(error: unknown): string {
  if (!isHoldfastError(error, 'repository_damaged')) throw error;
  return error.message;
}
