import type { Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Bytes, HoldfastError, systemErrorCode } from '../base/index.ts';

const groupAndOthers = 0o077;
const writableByOthers = 0o022;

/**
 * The bytes of a file that nobody but its owner can read, or undefined when there is none. What is checked is the open
 * file, so that it cannot be exchanged between the look and the reading.
 *
 * @throws HoldfastError `keystore_not_private` when group or others may read or write it or write in its directory, or
 *   when it belongs to another user
 */
export async function readPrivateFile(
  path: string,
  options: { signal?: AbortSignal } = {},
): Promise<Bytes | undefined> {
  const handle = await openExisting(path);
  if (handle === undefined) return undefined;
  try {
    checkOwner(path, await handle.stat());
    checkMode(path, await handle.stat(), groupAndOthers, 'chmod 600');
    const directory = dirname(path);
    const parent = await stat(directory);
    checkOwner(directory, parent);
    checkMode(directory, parent, writableByOthers, 'chmod 700');
    return await handle.readFile(options);
  } finally {
    await handle.close();
  }
}

async function openExisting(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    if (systemErrorCode(error) !== 'EACCES') throw error;
    throw new HoldfastError('keystore_not_private', `${path}: this user may not read it`, { cause: error });
  }
}

function checkOwner(path: string, { uid }: Stats): void {
  // Windows has no owner here; its files are protected by the profile directory they lie in.
  const self = process.getuid?.();
  if (self === undefined || uid === self) return;
  throw new HoldfastError('keystore_not_private', `${path}: belongs to user ${uid}, expected ${self}`, {
    hint: `run as that user, or: chown ${self} ${path}`,
  });
}

function checkMode(path: string, { mode }: Stats, forbidden: number, mend: string): void {
  if (process.getuid === undefined || (mode & forbidden) === 0) return;
  const found = (mode & 0o7777).toString(8).padStart(4, '0');
  throw new HoldfastError('keystore_not_private', `${path}: others have access to it (mode ${found})`, {
    hint: `${mend} ${path}`,
  });
}
