import type { Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Bytes, HoldfastError, systemErrorCode } from '../base/index.ts';
import { isMemberOf, readShare, type Share } from './share.ts';

const groupAndOthers = 0o077;
/** The group may read. */
const others = 0o037;
const writableByOthers = 0o022;

/**
 * The bytes of a file that nobody but its owner can read, and the group that it is shared with; undefined when there is none.
 * What is checked is the open file, so that it cannot be exchanged between the look and the reading.
 *
 * @throws HoldfastError `keystore_not_private` when others may read it, or a group that it is not shared with; when anybody else
 *   may write it or write in its directory; or when it belongs to another user, who has not shared it with this one
 */
export async function readPrivateFile(
  path: string,
  options: { signal?: AbortSignal } = {},
): Promise<Bytes | undefined> {
  const handle = await openExisting(path);
  if (handle === undefined) return undefined;
  try {
    const directory = dirname(path);
    const [found, parent, share] = await Promise.all([handle.stat(), stat(directory), readShare(directory)]);
    if (process.getuid !== undefined) checkAccess({ path, found, directory, parent, share });
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
  const self = process.getuid?.();
  if (self === undefined || uid === self) return;
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
