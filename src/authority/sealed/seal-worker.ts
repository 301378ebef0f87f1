import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { type Bytes, freeBytes, HoldfastError, systemErrorCode } from '../../base/index.ts';
import { flattenError } from '../../db/index.ts';
import {
  type BackupKey,
  type BackupManifest,
  backupMagic,
  encrypterFor,
  lockOf,
  type PartSource,
  type SealAnswer,
  type SealedBackup,
  type SealMessage,
} from './backup-format.ts';
import { readBackup } from './read-backup.ts';

const chunkBytes = 256 * 1024;

/** The entry point of the thread that writes one backup: one order, one answer. */
void answer(workerData as SealMessage);

async function answer(order: SealMessage): Promise<void> {
  const port = parentPort;
  if (port === null) throw new TypeError('seal-worker runs as a worker thread');
  const sealed: SealAnswer = await seal(order).catch((error: unknown) => ({
    error: flattenError(named(error, order.target)),
  }));
  port.postMessage(sealed);
}

async function seal(message: SealMessage): Promise<SealedBackup> {
  const { target, about } = message;
  const parts = await Promise.all(message.parts.map(measure));
  const key = await write(message, { ...about, parts });
  await readBackup(target, key, { take: async (_name, chunks) => await releaseAll(chunks) });
  return { bytes: (await stat(target)).size, sha256: (await digest(createReadStream(target))).sha256 };
}

/** Gives the key that reads it back. */
async function write(message: SealMessage, manifest: BackupManifest): Promise<BackupKey> {
  const handle = await open(message.target, 'wx', 0o600);
  try {
    let key: BackupKey | undefined;
    const encrypter = await encrypterFor(lockOf(message), (kept) => (key = kept));
    const plain = ReadableStream.from(contents(message.parts, manifest));
    const sealed = await encrypter.encrypt(plain as ReadableStream<Uint8Array>);
    for await (const chunk of sealed) {
      await writeAll(handle, chunk);
      freeBytes(chunk);
    }
    await handle.sync();
    if (key === undefined) throw new TypeError('the encrypter kept no key');
    return key;
  } finally {
    await handle.close();
  }
}

async function* contents(parts: readonly PartSource[], manifest: BackupManifest): AsyncGenerator<Bytes> {
  yield Buffer.from(`${backupMagic}\n${JSON.stringify(manifest)}\n`);
  for (const part of parts) yield* chunksOf(part);
}

async function measure(part: PartSource): Promise<BackupManifest['parts'][number]> {
  return { name: part.name, ...(await digest(chunksOf(part))) };
}

async function* chunksOf({ from }: PartSource): AsyncGenerator<Bytes> {
  if (typeof from !== 'string') yield from;
  else for await (const chunk of createReadStream(from, { highWaterMark: chunkBytes })) yield chunk as Bytes;
}

async function digest(chunks: AsyncIterable<Bytes>): Promise<{ bytes: number; sha256: string }> {
  const sum = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    sum.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: sum.digest('hex') };
}

async function writeAll(handle: FileHandle, bytes: Bytes): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
}

async function releaseAll(chunks: AsyncIterable<Bytes>): Promise<void> {
  for await (const chunk of chunks) freeBytes(chunk);
}

function named(error: unknown, target: string): unknown {
  if (!['ENOSPC', 'EDQUOT'].includes(systemErrorCode(error) ?? '')) return error;
  return new HoldfastError('storage_full', `no space left to write the backup ${target}`, {
    hint: 'free space there, or name another place; no part of it was kept',
    cause: error,
  });
}
