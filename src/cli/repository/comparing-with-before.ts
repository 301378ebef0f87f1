import { findSetBack, noteBackup } from '../../agent/index.ts';
import type { Context } from '../program/context.ts';
import { describeFailure } from '../program/failure.ts';
import type { BackupResult } from './backing-up.ts';
import type { Target } from './repository-target.ts';

/**
 * Does `work`, a backup, and says first what of earlier ones is not there any more: a server that was set back. What was
 * made is kept for the next time; where that cannot be kept, it costs a warning.
 */
export async function comparingWithBefore(
  { output, signal }: Context,
  { place, repository }: Pick<Target, 'place' | 'repository'>,
  work: () => Promise<BackupResult>,
): Promise<BackupResult> {
  const { warnings, missed } = await findSetBack(place, repository, signal);
  for (const sentence of warnings)
    output.warn(`${sentence}; what is missing of the present files is stored again now`);
  const result = await work();
  await noteBackup(place, repository, { snapshot: result.snapshot, missed }).catch((error: unknown) => {
    const why = describeFailure(error)?.message ?? String(error);
    output.warn(`this snapshot will not be missed when it is gone: ${why}`);
  });
  return result;
}
