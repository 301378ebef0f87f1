import { forgetDrills } from '../drill/drill-record.ts';
import { forgetLive } from '../live/live-standing.ts';
import type { BackupSet } from './backup-set.ts';
import { forgetAttempts } from './set-attempts.ts';

/** Forgets all that is kept of a set that is no more. */
export async function forgetSet(directory: string, set: Pick<BackupSet, 'id'>): Promise<void> {
  await forgetAttempts(directory, set);
  await forgetLive(directory, set);
  await forgetDrills(directory, set);
}
