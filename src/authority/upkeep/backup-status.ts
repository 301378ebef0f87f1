import { stat } from 'node:fs/promises';
import { dayMs } from '../../base/index.ts';
import { type BackupRecord, placeName, readBackups } from '../backup/index.ts';
import type { Upkeep } from './custody-warnings.ts';

/** How long nothing is said about backups that somebody makes by hand. */
const patienceMs = 7 * dayMs;

/** How an authority is backed up. */
export interface BackupStatus {
  /** The newest on record, wherever it went. */
  readonly newest?: BackupRecord;
  /** Whether they are made by themselves. */
  readonly scheduled: boolean;
  /** When the next one is to be made: as the settings have it, else a week after the newest. */
  readonly dueAt: Date;
}

/** Looks at what is on record about backups. */
export async function readBackupStatus({ records, present, care }: Upkeep): Promise<BackupStatus> {
  const backups = await readBackups(records);
  const [newest] = backups;
  const { place, everyMs = patienceMs } = care.backups ?? {};
  const last = place === undefined ? newest : backups.find((backup) => backup.place === placeName(place));
  const lastMs = last?.madeAt.getTime() ?? present.state.created_at;
  const scheduled = place !== undefined;
  // A place that has none yet gets one at once.
  const dueAt = new Date(scheduled && last === undefined ? lastMs : lastMs + everyMs);
  return { ...(newest && { newest }), scheduled, dueAt };
}

/** What is to be said about the backups of an authority, in sentences. */
export async function backupWarnings(context: Upkeep): Promise<string[]> {
  const { records, clock, care } = context;
  const backups = await readBackups(records);
  const [newest] = backups;
  if (newest === undefined) return warnOfNone(context);
  const warnings = [...newestOfPlaces(backups).flatMap(problemOf), ...(await mirrorProblems(context))];
  const ageMs = clock.now() - newest.madeAt.getTime();
  const scheduled = care.backups;
  if (scheduled !== undefined && ageMs > 2 * scheduled.everyMs)
    warnings.push(
      `the newest backup of the authority is of ${newest.madeAt.toISOString()}: see the server's log`,
    );
  if (scheduled === undefined && ageMs > patienceMs)
    warnings.push(
      `the newest backup of the authority is of ${newest.madeAt.toISOString()}: holdfast ca backup FILE`,
    );
  if (await isOnSameFileSystem(newest, context.directory))
    warnings.push(
      `the newest backup of the authority, in ${newest.place}, is on the same file system as the authority`,
    );
  return warnings;
}

/** What is older in a place is not what somebody would take. */
function newestOfPlaces(backups: readonly BackupRecord[]): BackupRecord[] {
  const seen = new Set<string>();
  return backups.filter(({ place }) => !seen.has(place) && seen.add(place));
}

function problemOf({ place, name, problem }: BackupRecord): string[] {
  if (problem === undefined) return [];
  const { at, found } = problem;
  return [
    `the backup ${name} in ${place} would not do, as its rehearsal found at ${at.toISOString()} (${found}): ` +
      'holdfast ca backup FILE makes another one',
  ];
}

async function mirrorProblems({ records, care }: Upkeep): Promise<string[]> {
  const rows = await records.mirrors.withProblem();
  const inUse = rows.filter((row) => care.mirrors.some(({ name }) => name === row.name));
  return inUse.map(
    ({ problem, problem_at }) =>
      `a log mirror would not do, as a rehearsal found at ${new Date(problem_at ?? 0).toISOString()}: ${problem}; ` +
      'put an empty file checkpoint.json there, and it is written anew',
  );
}

function warnOfNone({ present, clock, care }: Upkeep): string[] {
  const patience = care.backups === undefined ? patienceMs : 2 * care.backups.everyMs;
  if (clock.now() - present.state.created_at <= patience) return [];
  return [
    'there is no backup of the authority: holdfast ca backup FILE, or authority.backup_to in holdfast.toml',
  ];
}

/** A place that cannot be looked at is no reason to say anything: a medium may be kept in a safe. */
async function isOnSameFileSystem({ place }: BackupRecord, directory: string): Promise<boolean> {
  if (!place.startsWith('/')) return false;
  try {
    const [here, there] = await Promise.all([stat(directory), stat(place)]);
    return here.dev === there.dev;
  } catch {
    return false;
  }
}
