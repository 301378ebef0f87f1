import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BackupLock,
  backupDamaged,
  sealSnapshot,
  sha256Of,
  type WrittenBackup,
  withSnapshotFile,
  writeBackup,
} from '../sealed/index.ts';
import { type BackupPlace, placeName, type RemotePlace } from './backup-place.ts';
import type { BackingUp } from './care.ts';
import { readBackups, recordBackup } from './recorded-backups.ts';

/** A backup under a name of its own. */
export interface PlacedBackup extends WrittenBackup {
  readonly place: string;
  readonly name: string;
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
  await recordBackup(context, { place: placeName(place), path: join('/', name), lock, by, written });
  await removeOld(context, place, keep);
  return { ...written, place: placeName(place), name };
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
