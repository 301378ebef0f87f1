import { readdir } from 'node:fs/promises';
import { type Clock, HoldfastError } from '../../base/index.ts';
import { kinds, type Recording, recordsWith } from '../log/index.ts';
import type { BackupRow, Records } from '../records/index.ts';
import type { BackupLock, WrittenBackup } from '../sealed/index.ts';
import { type BackupPlace, placeName } from './backing-up.ts';
import type { Rehearsal } from './rehearse.ts';

/** A backup as it is remembered. */
export interface BackupRecord {
  readonly id: number;
  /** Directory, or address without any password. */
  readonly place: string;
  readonly name: string;
  readonly madeAt: Date;
  readonly bytes: number;
  /** The last record of the log that it holds. */
  readonly sequence: number;
  readonly holdsRoot: boolean;
  readonly rehearsedAt?: Date;
  /** What the last rehearsal that looked closely enough found wrong, and when. */
  readonly problem?: { readonly at: Date; readonly found: string };
}

/** What is recorded of a backup. */
export interface BackupToRecord {
  readonly place: string;
  readonly name: string;
  readonly lock: BackupLock;
  readonly by: string;
  readonly written: WrittenBackup;
}

/** Records a backup that is where it belongs, in the log too. */
export async function recordBackup(
  { log }: Recording,
  { place, name, lock, by, written }: BackupToRecord,
): Promise<void> {
  const { about, bytes, sha256 } = written;
  const missing = about.keys.filter(({ held }) => !held).map(({ label }) => label);
  const details = { place, name, bytes, sha256, lockedWith: lock.kind, holds: about.log, missing };
  await log.record(kinds.backedUp, { by, details });
}

/** SHA-256 of a backup as it was made and the last record in it, or undefined when that is not on record. */
export async function recordedBackup(
  records: Records,
  name: string,
): Promise<{ readonly sha256: string; readonly sequence: number } | undefined> {
  const [newest] = await recordsWith(records, 'backed up', 'name', name);
  return newest && { sha256: newest.details.sha256, sequence: newest.details.holds.sequence };
}

/** Records how a rehearsal went, in the log and with its backup. */
export async function recordRehearsal(
  { log }: Recording,
  { name, by, rehearsal }: { readonly name: string; readonly by: string; readonly rehearsal: Rehearsal },
): Promise<void> {
  await log.record(kinds.rehearsed, { by, details: { name, ...rehearsal } });
}

/** Every backup that was made and not removed, the newest first. */
export async function readBackups({ backups }: Records): Promise<BackupRecord[]> {
  return (await backups.list()).map(toRecord);
}

function toRecord({ id, place, name, bytes, sequence, ...row }: BackupRow): BackupRecord {
  const { made_at, holds_root, rehearsed_at, problem, problem_at } = row;
  return {
    id,
    place,
    name,
    madeAt: new Date(made_at),
    bytes,
    sequence,
    holdsRoot: holds_root === 1,
    ...(rehearsed_at !== null && { rehearsedAt: new Date(rehearsed_at) }),
    ...(problem !== null && { problem: { at: new Date(problem_at ?? 0), found: problem } }),
  };
}

/**
 * Refuses a directory that had backups and has none of them now: more often the place where its disk should be than a new
 * disk. For backups that nobody asks for; one that somebody asks for begins there. @throws HoldfastError `storage_failed`
 */
export async function refuseEmptied(
  { records }: Recording & { readonly clock: Clock },
  place: BackupPlace,
): Promise<void> {
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
