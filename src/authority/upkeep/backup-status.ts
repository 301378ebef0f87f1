import { dayMs } from '../../base/index.ts';
import type { AuthorityContext } from '../authority-context.ts';
import { placeName } from '../backup/backup-place.ts';
import { type BackupRecord, readBackups } from '../backup/recorded-backups.ts';

/** How long nothing is said about backups that somebody makes by hand. */
export const patienceMs = 7 * dayMs;

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
export async function readBackupStatus({ records, present, care }: AuthorityContext): Promise<BackupStatus> {
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
