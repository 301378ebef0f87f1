import { readdir } from 'node:fs/promises';
import { HoldfastError } from '../../base/index.ts';
import type { AuthorityContext } from '../authority-context.ts';
import { type BackupPlace, placeName } from './backup-place.ts';
import { readBackups } from './recorded-backups.ts';

/**
 * Refuses a directory that had backups and has none of them now: more often the place where its disk should be than a new
 * disk. For backups that nobody asks for; one that somebody asks for begins there. @throws HoldfastError `storage_failed`
 */
export async function refuseEmptied({ records }: AuthorityContext, place: BackupPlace): Promise<void> {
  if (place.kind !== 'directory') return;
  const known = (await readBackups(records)).filter((backup) => backup.place === placeName(place));
  if (known.length === 0) return;
  const there = await readdir(place.path);
  if (known.some(({ name }) => there.includes(name))) return;
  throw new HoldfastError(
    'storage_failed',
    `${place.path} had ${known.length} backups of the authority, and has none now`,
    {
      hint: 'mount its disk; when it is a new one, one by hand begins there: holdfast ca backup --to DIR',
    },
  );
}
