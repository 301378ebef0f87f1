import { basename, dirname } from 'node:path';
import type { Database, Queries } from '../../db/index.ts';
import type { AuthorityContext } from '../authority-context.ts';
import type { BackupLock } from './backup-key.ts';
import type { Rehearsal, RehearsalStep } from './rehearse.ts';
import type { WrittenBackup } from './write-backup.ts';

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
  readonly path: string;
  /** Where it lies when that is not the directory of `path`. */
  readonly place?: string;
  readonly lock: BackupLock;
  readonly by: string;
  readonly written: WrittenBackup;
}

interface StoredBackup {
  readonly id: number;
  readonly place: string;
  readonly name: string;
  readonly made_at: number;
  readonly bytes: number;
  readonly sequence: number;
  readonly holds_root: number;
  readonly rehearsed_at: number | null;
  readonly problem: string | null;
  readonly problem_at: number | null;
}

/** Records a backup that is where it belongs, in the log too. */
export async function recordBackup(
  { database, log }: AuthorityContext,
  { path, place = dirname(path), lock, by, written }: BackupToRecord,
): Promise<void> {
  const { about, bytes, sha256 } = written;
  const name = basename(path);
  const missing = about.keys.filter(({ held }) => !held).map(({ label }) => label);
  await database.transaction(async (tx) => {
    await tx.run(
      'INSERT INTO backups (place, name, made_at, bytes, sequence, holds_root) VALUES (?, ?, ?, ?, ?, ?)',
      place,
      name,
      Date.parse(about.madeAt),
      bytes,
      about.log.sequence,
      Number(about.keys.some(({ label, held }) => held && label.startsWith('root-'))),
    );
    const details = { place, name, bytes, sha256, lockedWith: lock.kind, holds: about.log, missing };
    await log.append(tx, { kind: 'backed up', by, details });
  });
}

/** SHA-256 of a backup as it was made and the last record in it, or undefined when that is not on record. */
export async function recordedBackup(
  database: Database,
  name: string,
): Promise<{ readonly sha256: string; readonly sequence: number } | undefined> {
  return await database.get<{ sha256: string; sequence: number }>(
    `SELECT json_extract(record, '$.details.sha256') AS sha256,
        json_extract(record, '$.details.holds.sequence') AS sequence FROM log
      WHERE json_extract(record, '$.kind') = 'backed up' AND json_extract(record, '$.details.name') = ?
      ORDER BY sequence DESC LIMIT 1`,
    name,
  );
}

/** Records how a rehearsal went, in the log and with its backup. */
export async function recordRehearsal(
  { database, log, clock }: AuthorityContext,
  { path, by, rehearsal }: { readonly path: string; readonly by: string; readonly rehearsal: Rehearsal },
): Promise<void> {
  const name = basename(path);
  await database.transaction(async (tx) => {
    await noteRehearsal(tx, name, { ...rehearsal, atMs: clock.now() });
    await log.append(tx, { kind: 'rehearsed', by, details: { name, ...rehearsal } });
  });
}

async function noteRehearsal(
  tx: Queries,
  name: string,
  { good, depth, steps, atMs }: Rehearsal & { readonly atMs: number },
): Promise<void> {
  if (good) await tx.run('UPDATE backups SET rehearsed_at = ? WHERE name = ?', atMs, name);
  const found = steps.filter((step) => !step.good && step.mirror === undefined).map(textOf);
  if (found.length > 0) {
    const sql = 'UPDATE backups SET problem = ?, problem_at = ?, problem_depth = ? WHERE name = ?';
    await tx.run(sql, found.join('; '), atMs, depth, name);
  } else {
    // A look from outside takes nothing back of what was found inside.
    const sql = 'UPDATE backups SET problem = NULL WHERE name = ? AND (problem_depth = ? OR ?)';
    await tx.run(sql, name, depth, Number(depth === 'opened'));
  }
  for (const { mirror = null, good: holds, found: seen } of steps)
    await tx.run(
      'UPDATE mirrors SET problem = ?, problem_at = ? WHERE name = ?',
      holds ? null : seen,
      atMs,
      mirror,
    );
}

function textOf({ what, found }: RehearsalStep): string {
  return `${what}: ${found}`;
}

/** Forgets a backup that is no longer there. */
export async function removeBackupRecord(database: Database, id: number): Promise<void> {
  await database.run('DELETE FROM backups WHERE id = ?', id);
}

/** Every backup on record, the newest first. */
export async function readBackups(database: Database): Promise<BackupRecord[]> {
  const sql = `SELECT id, place, name, made_at, bytes, sequence, holds_root, rehearsed_at, problem, problem_at
    FROM backups
    ORDER BY made_at DESC, id DESC LIMIT 1000`;
  return (await database.all<StoredBackup>(sql)).map(toRecord);
}

function toRecord({ id, place, name, bytes, sequence, ...row }: StoredBackup): BackupRecord {
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
