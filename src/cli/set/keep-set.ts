import { type BackupSet, parseKeepRule, type SetOutcome, setTag } from '../../agent/index.ts';
import { forget, groupBy } from '../../repository/index.ts';
import type { Context } from '../program/context.ts';
import { describeFailure } from '../program/failure.ts';
import { openTarget } from '../repository/repository-target.ts';

/**
 * Forgets the snapshots of a set that its rule does not keep, by when they arrived where a server tells of it. Whatever keeps that from
 * being done is told, and costs the backup nothing: the next run does it.
 */
export async function keepSet(
  context: Context,
  set: BackupSet & { readonly keep: string },
): Promise<NonNullable<SetOutcome['forgot']>> {
  const { signal, output } = context;
  try {
    await using target = await openTarget(context, set);
    const { removed, kept } = await forget(target.repository, {
      policy: parseKeepRule(set.keep),
      filter: { tags: [[setTag(set)]] },
      groupOf: groupBy([]),
      judgedBy: target.directory === undefined ? 'arrival' : 'time',
      signal,
    });
    const [first] = kept;
    return { removed: removed.length, ...(first !== undefined && describeFailure(first.error)) };
  } catch (error) {
    const failure = signal.aborted ? undefined : describeFailure(error);
    if (failure === undefined) throw error;
    output.warn(`the rule of the set ${set.name} is not applied: ${failure.message} [${failure.code}]`);
    return { removed: 0, ...failure };
  }
}
