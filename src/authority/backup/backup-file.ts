import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { HoldfastError, whyNotRead } from '../../base/index.ts';
import { withSnapshotFile } from '../sealed/index.ts';
import { placeName } from './backup-place.ts';
import type { BackingUp } from './care.ts';
import { type BackupRecord, readBackups } from './recorded-backups.ts';

/**
 * Gives `work` the file of a backup, and its name: the one at `path`, or the newest on record, which is fetched when it
 * lies beyond this machine. @throws HoldfastError `object_not_found`, `path_not_found`
 */
export async function withBackupFile<T>(
  context: BackingUp,
  path: string | undefined,
  work: (file: string, name: string) => Promise<T>,
): Promise<T> {
  if (path !== undefined) return await withFile(path, basename(path), work);
  const [newest] = await readBackups(context.records);
  if (newest === undefined)
    throw new HoldfastError('object_not_found', 'no backup of this authority is on record', {
      hint: 'holdfast ca backup FILE',
    });
  if (newest.place.startsWith('/')) return await withFile(join(newest.place, newest.name), newest.name, work);
  return await withFetched(context, newest, work);
}

async function withFile<T>(
  path: string,
  name: string,
  work: (file: string, name: string) => Promise<T>,
): Promise<T> {
  await checkBackupFile(path);
  return await work(path, name);
}

/** Whether `path` is a file that can be read, a backup or not. @throws HoldfastError `path_not_found` */
export async function checkBackupFile(path: string): Promise<void> {
  const found = await access(path, constants.R_OK)
    .then(() => stat(path))
    .catch((cause: unknown) => {
      throw notBackup(`the backup ${path}: ${whyNotRead(cause)}`, cause);
    });
  if (found.isFile()) return;
  const is = found.isDirectory() ? 'a directory' : 'no regular file';
  throw notBackup(`${path} is ${is}, expected a backup in it`);
}

function notBackup(message: string, cause?: unknown): HoldfastError {
  return new HoldfastError('path_not_found', message, {
    hint: 'name a file of holdfast ca backup that this user may read; a disk may not be mounted',
    cause,
  });
}

async function withFetched<T>(
  { directory, care }: BackingUp,
  { place: where, name, bytes }: BackupRecord,
  work: (file: string, name: string) => Promise<T>,
): Promise<T> {
  const place = care.backups?.place;
  if (place?.kind !== 'remote' || placeName(place) !== where)
    throw new HoldfastError(
      'object_not_found',
      `the newest backup is at ${where}, which the settings do not name`,
      {
        hint: 'fetch it, and name the file: holdfast ca rehearse FILE',
      },
    );
  return await withSnapshotFile(directory, async (file) => {
    await place.fetch(name, file, bytes);
    return await work(file, name);
  });
}
