import type { Stats } from 'node:fs';
import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Type } from 'typebox';
import { Check } from 'typebox/value';
import {
  type Bytes,
  HoldfastError,
  isOwnUser,
  isSystemError,
  ownUser,
  systemErrorCode,
  whyNotRead,
  writeFileAtomic,
} from '../base/index.ts';

const groupAndOthers = 0o077;
/** The group may read. */
const others = 0o037;
const writableByOthers = 0o022;

/**
 * The bytes of a file that nobody but its owner can read, and the group that it is shared with; undefined when there is none.
 * What is checked is the open file, so that it cannot be exchanged between the look and the reading.
 *
 * @throws HoldfastError `keystore_not_private` when others may read it, or a group that it is not shared with; when anybody else
 *   may write it or write in its directory; or when it belongs to another user, who has not shared it with this one.
 *   `keystore_damaged` when it cannot be read at all
 */
export async function readPrivateFile(
  path: string,
  options: { signal?: AbortSignal } = {},
): Promise<Bytes | undefined> {
  try {
    return await readChecked(path, options);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new HoldfastError('keystore_damaged', `${path} cannot be read: ${whyNotRead(error)}`, {
      hint: 'put the file back where it was, or restore this home from a copy',
      cause: error,
    });
  }
}

async function readChecked(path: string, options: { signal?: AbortSignal }): Promise<Bytes | undefined> {
  const handle = await openExisting(path);
  if (handle === undefined) return undefined;
  try {
    const directory = dirname(path);
    const [found, parent, share] = await Promise.all([handle.stat(), stat(directory), readShare(directory)]);
    if (ownUser() !== undefined) checkAccess({ path, found, directory, parent, share });
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
    throw new HoldfastError('keystore_not_private', `${path}: this user may not read it`, {
      hint: 'run as its owner, who can share it for reading: holdfast keystore share --group NAME',
      cause: error,
    });
  }
}

interface Looked {
  readonly path: string;
  readonly found: Stats;
  readonly directory: string;
  readonly parent: Stats;
  readonly share: Share | undefined;
}

/** Windows has no owner here; its files are protected by the profile directory they lie in. */
function checkAccess({ path, found, directory, parent, share }: Looked): void {
  const isMember = share !== undefined && isMemberOf(share.gid);
  if (!isMember || found.uid !== parent.uid) {
    checkOwner(path, found);
    checkOwner(directory, parent);
  }
  if (share === undefined || found.gid !== share.gid) checkMode(path, found, groupAndOthers, 'chmod 600');
  else
    checkMode(
      path,
      found,
      others,
      `its owner says it again: holdfast keystore share --group ${share.group}; or chmod 640`,
    );
  checkMode(directory, parent, writableByOthers, 'chmod 700');
}

function checkOwner(path: string, { uid }: Stats): void {
  if (isOwnUser(uid)) return;
  const self = ownUser();
  throw new HoldfastError('keystore_not_private', `${path}: belongs to user ${uid}, expected ${self}`, {
    hint: `run as that user, or: chown ${self} ${path}`,
  });
}

function checkMode(path: string, { mode }: Stats, forbidden: number, mend: string): void {
  if ((mode & forbidden) === 0) return;
  const found = (mode & 0o7777).toString(8).padStart(4, '0');
  throw new HoldfastError('keystore_not_private', `${path}: others have access to it (mode ${found})`, {
    hint: `${mend} ${path}`,
  });
}

const ShareRecord = Type.Object(
  { format: Type.Literal(1), group: Type.String(), gid: Type.Integer({ minimum: 0 }) },
  { additionalProperties: false },
);

/** The group that the keystore in a directory is shared with, for reading. */
export interface Share {
  readonly group: string;
  readonly gid: number;
}

/** The record of a share, in the directory of the keystore. */
export const shareFile = 'shared.json';

/**
 * With whom the keystore in `directory` is shared: nobody unless its owner said so. Only what its owner alone could write counts.
 * @throws HoldfastError `keystore_damaged` when the record is
 */
export async function readShare(directory: string): Promise<Share | undefined> {
  const path = join(directory, shareFile);
  try {
    const [record, place] = await Promise.all([stat(path), stat(directory)]);
    if (record.uid !== place.uid || (record.mode & 0o022) !== 0) return undefined;
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (Check(ShareRecord, value)) return { group: value.group, gid: value.gid };
  } catch (error) {
    if (['ENOENT', 'EACCES'].includes(systemErrorCode(error) ?? '')) return undefined;
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new HoldfastError('keystore_damaged', `${path} does not say with whom the keystore is shared`, {
    hint: 'its owner says it again: holdfast keystore share --group NAME, or --none',
  });
}

/** Whether the user of this process is in a group. */
export function isMemberOf(gid: number): boolean {
  return process.getgid?.() === gid || process.getgroups?.().includes(gid) === true;
}

/** Keeps with whom the keystore in `directory` is shared. */
export async function writeShare(directory: string, { group, gid }: Share): Promise<void> {
  const text = `${JSON.stringify({ format: 1, group, gid })}\n`;
  await writeFileAtomic(join(directory, shareFile), text, sharedWith({ group, gid }));
}

/** Writes a file of a directory that may be shared, whole or not at all: whoever could read it before can read it then. */
export async function writeSharedFile(path: string, data: Bytes | string): Promise<void> {
  await writeFileAtomic(path, data, sharedWith(await readShare(dirname(path))));
}

function sharedWith(share: Share | undefined): { mode?: number; gid?: number } {
  return share === undefined ? {} : { mode: 0o640, gid: share.gid };
}
