import { hash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bytes, HoldfastError, type Secret, whyNotRead } from '../../base/index.ts';
import { createPkcs12 } from '../../pki/index.ts';
import { readOutside } from '../issuers/index.ts';
import { kinds } from '../log/index.ts';
import {
  type BackupLock,
  backupDamaged,
  sealSnapshot,
  sha256Of,
  type WrittenBackup,
  withSnapshotFile,
  writeBackup,
} from '../sealed/index.ts';
import { checkStanding } from '../standing/index.ts';
import { type BackingUp, type BackupPlace, placeName, type RemotePlace } from './backing-up.ts';
import { type BackupRecord, readBackups, recordBackup } from './recorded-backups.ts';

/**
 * Gives `work` the file of the newest backup on record that lies where this machine reaches, and where it is said to be; one
 * beyond it is fetched. @throws HoldfastError `object_not_found`, `path_not_found`
 */
export async function withNewestBackup<T>(
  context: BackingUp,
  work: (path: string, shown: string) => Promise<T>,
): Promise<T> {
  const all = await readBackups(context.records);
  const remote = context.upkeep.backups?.place;
  const isReached = ({ place }: BackupRecord): boolean =>
    place.startsWith('/') || (remote !== undefined && place === placeName(remote));
  const newest = all.find(isReached) ?? all[0];
  if (newest === undefined)
    throw new HoldfastError('object_not_found', 'no backup of this authority is on record', {
      hint: 'holdfast ca backup FILE',
    });
  const { place, name } = newest;
  if (!place.startsWith('/')) return await withFetched(context, newest, work);
  const path = join(place, name);
  await checkBackupFile(path);
  return await work(path, path);
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
  { directory, upkeep }: BackingUp,
  { place: where, name, bytes }: BackupRecord,
  work: (path: string, shown: string) => Promise<T>,
): Promise<T> {
  const place = upkeep.backups?.place;
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
    return await work(file, `${where.replace(/\/$/, '')}/${name}`);
  });
}

/** A backup under a name of its own. */
export interface PlacedBackup extends WrittenBackup {
  readonly place: string;
  readonly name: string;
  readonly lock: BackupLock;
}

/** What goes to a place, and how much stays there. */
export interface PlaceOrder {
  readonly place: BackupPlace;
  readonly lock: BackupLock;
  /** How many of this place are kept. */
  readonly keep: number;
  readonly by: string;
}

/**
 * Writes a backup to a place, records it, and removes the oldest ones of that place. What was sent away is fetched again
 * and compared before it counts. Errors: as `writeBackup`, and whatever the place throws
 */
export async function backUpTo(context: BackingUp, order: PlaceOrder): Promise<PlacedBackup> {
  const { place, lock, keep, by } = order;
  const name = backupName(context);
  const written =
    place.kind === 'directory'
      ? await writeBackup(context, { path: join(place.path, name), lock })
      : await send(context, { place, name, lock });
  await recordBackup(context, { place: placeName(place), name, lock, by, written });
  await removeOld(context, place, keep);
  return { ...written, place: placeName(place), name, lock };
}

/** `backup.example-20261121T080000000Z.age`: in the order of their times. */
function backupName({ issuer, clock }: BackingUp): string {
  const time = new Date(clock.now()).toISOString().replaceAll(/[-:.]/g, '');
  return `${issuer.network}-${time}.age`;
}

async function send(
  context: BackingUp,
  { place, name, lock }: { readonly place: RemotePlace; readonly name: string; readonly lock: BackupLock },
): Promise<WrittenBackup> {
  return await withSnapshotFile(context.directory, async (target) => {
    const written = await sealSnapshot(context, { target, lock });
    await place.store(name, target);
    await withSnapshotFile(context.directory, async (back) => {
      await place.fetch(name, back, written.bytes);
      if ((await sha256Of(back)) !== written.sha256)
        throw backupDamaged(`${place.name}${name}`, 'what came back is not what was sent');
    });
    return written;
  });
}

async function removeOld(context: BackingUp, place: BackupPlace, keep: number): Promise<void> {
  const here = (await readBackups(context.records)).filter((backup) => backup.place === placeName(place));
  const own = here.filter(({ name }) => name.startsWith(`${context.issuer.network}-`));
  for (const { id, name } of own.slice(keep)) {
    if (place.kind === 'directory') await rm(join(place.path, name), { force: true });
    else await place.remove(name);
    await context.records.backups.remove(id);
  }
}

/** How the keys are to be written, and for whom. */
export interface Pkcs12Order {
  readonly password: Secret<string>;
  /** For readers from before 2018. */
  readonly legacy?: boolean;
  /** Where the file is going to be, for the log; absolute. */
  readonly to?: string | undefined;
  /** Who asked, for the log. */
  readonly by: string;
}

/** The authority's keys and certificates in one PKCS#12 file. */
export interface Pkcs12Backup {
  readonly file: Bytes;
  /** Every key that belongs to a certificate of the authority, and whether it is here and so in the file. */
  readonly keys: readonly { readonly label: string; readonly held: boolean }[];
}

/**
 * All keys of all generations that are here, with all certificates of the authority and those above its root, as PKCS#12 that
 * other programs open.
 * No record of what was issued is in it. That the keys left is in the log before they do.
 * @throws HoldfastError as `checkStanding`
 */
export async function exportPkcs12(context: BackingUp, order: Pkcs12Order): Promise<Pkcs12Backup> {
  checkStanding(context);
  const { records, keystore, log, issuer } = context;
  const outside = await readOutside(records, issuer.root.certificate);
  const certified = [...(await records.issuers.all()), ...(await records.ocspSigners.list())];
  const rows = certified.toSorted((a, b) => (a.label < b.label ? 1 : -1));
  const keys = rows.map(({ label }) => ({ label, held: keystore.has(label) }));
  const held = keys.filter((key) => key.held).map(({ label }) => label);
  const contents = {
    keys: held.map((label) => ({ name: label, key: keystore.key(label) })),
    certificates: [
      ...rows.map(({ label, certificate }) => ({ name: label, der: certificate })),
      ...outside.map(({ der }, index) => ({ name: `outside-${index + 1}`, der })),
    ],
  };
  const file = await createPkcs12(contents, order);
  const missing = keys.filter((key) => !key.held).map(({ label }) => label);
  await log.record(kinds.exported, {
    by: order.by,
    details: {
      as: 'PKCS#12',
      keys: held,
      missing,
      ...(order.to !== undefined && { to: order.to }),
      sha256: hash('sha256', file),
    },
  });
  return { file, keys };
}
