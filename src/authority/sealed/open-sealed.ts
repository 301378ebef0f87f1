import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { type Bytes, HoldfastError, isHoldfastError, isSystemError } from '../../base/index.ts';
import { type BackupKey, decrypterFor } from './backup-format.ts';

/** What a file is by its first bytes: an age file that a password or a key opens, a PKCS#12, or neither. */
export type SealedKind = 'password' | 'recovery key' | 'pkcs12' | 'foreign';

const ageVersionLine = 'age-encryption.org/v1\n';
const headerBytes = 4096;
const chunkBytes = 256 * 1024;

/** Looks at the beginning of a file. */
export async function sealedKind(path: string): Promise<SealedKind> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headerBytes), 0, headerBytes, 0);
    const head = buffer.subarray(0, bytesRead).toString('latin1');
    if (head.startsWith(ageVersionLine)) return head.includes('\n-> scrypt ') ? 'password' : 'recovery key';
    // A SEQUENCE whose length takes several bytes, which any PKCS#12 is (RFC 7292 §4).
    return /^\x30[\x80-\x84]/.test(head) ? 'pkcs12' : 'foreign';
  } finally {
    await handle.close();
  }
}

/**
 * What is inside an age file, as it is read. Nothing of it is to be believed before the end has come.
 * @throws HoldfastError `backup_foreign`, `password_wrong`, `backup_damaged`
 */
export async function* openSealed(path: string, key: BackupKey): AsyncGenerator<Bytes> {
  const kind = await sealedKind(path);
  if (kind === 'foreign' || kind === 'pkcs12') throw backupForeign(path, 'it is not encrypted as one');
  checkKind(path, kind, key);
  try {
    const decrypter = await decrypterFor(key);
    const source = createReadStream(path, { highWaterMark: chunkBytes });
    const plain = await decrypter.decrypt(Readable.toWeb(source) as ReadableStream<Uint8Array>);
    for await (const chunk of plain) yield chunk;
  } catch (error) {
    throw named(path, key, error);
  }
}

/** That a file is no backup of an authority, or not of the one that was meant. */
export function backupForeign(path: string, problem: string): HoldfastError {
  return new HoldfastError('backup_foreign', `${path} is no backup of this authority: ${problem}`, {
    hint: 'name a file that holdfast ca backup made',
  });
}

/** That a backup cannot be used because bytes of it are missing or changed. */
export function backupDamaged(path: string, problem: string, cause?: unknown): HoldfastError {
  return new HoldfastError('backup_damaged', `the backup ${path} is damaged: ${problem}`, {
    hint: 'nothing was changed; use another backup',
    cause,
  });
}

function checkKind(path: string, kind: 'password' | 'recovery key', key: BackupKey): void {
  if (key.kind === 'file key' || key.kind === kind) return;
  throw new HoldfastError('password_wrong', `${path} is opened by a ${kind}, not by a ${key.kind}`, {
    hint:
      kind === 'password' ? 'name a file with it: --password-file FILE' : 'name the recovery kit: --kit FILE',
  });
}

function named(path: string, key: BackupKey, error: unknown): unknown {
  if (isHoldfastError(error) || isSystemError(error)) return error;
  if (!(error instanceof Error)) return error;
  if (!error.message.includes('no identity matched')) return backupDamaged(path, error.message, error);
  const what = key.kind === 'password' ? 'the password' : 'the recovery key';
  return new HoldfastError('password_wrong', `${what} does not open ${path}`, {
    hint: 'nothing was changed; use the one that it was made with',
    cause: error,
  });
}
