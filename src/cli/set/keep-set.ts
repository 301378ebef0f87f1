import {
  type BackupSet,
  liveTag,
  owesPrune,
  parseKeepRule,
  readAttempts,
  type SetOutcome,
  setTag,
} from '../../agent/index.ts';
import { forget, groupBy, prune, type Repository } from '../../repository/index.ts';
import { homeAt } from '../home/home.ts';
import { usualPruneRules } from '../options/prune-options.ts';
import type { Context } from '../program/context.ts';
import { describeFailure } from '../program/failure.ts';
import { openTarget } from '../repository/repository-target.ts';

type Forgot = NonNullable<SetOutcome['forgot']>;

/** Of a live set that says nothing of it: all of a day, and one of each hour before; of its live snapshots alone. */
const liveRule = 'within=1d,hourly=999999';

/** The rule by which snapshots of a set stay. */
export function ruleOf({ keep }: BackupSet): string {
  return keep ?? liveRule;
}

/** Whether there is a rule of which snapshots of a set stay. */
export function hasRule({ keep, live = false }: BackupSet): boolean {
  return keep !== undefined || live;
}

/**
 * Forgets the snapshots of a set that its rule does not keep, by when they arrived where a server tells of it, and frees their space once
 * a day. Whatever keeps that from being done is told, and costs the backup nothing: the next run does it.
 */
export async function keepSet(context: Context, set: BackupSet): Promise<Forgot> {
  let removed = 0;
  try {
    await using target = await openTarget(context, set);
    const { repository, directory } = target;
    const forgotten = await forgetBeyond(context, repository, { set, hasArrivals: directory === undefined });
    removed = forgotten.removed.length;
    const [first] = forgotten.kept;
    if (first !== undefined) throw first.error;
    const attempts = await readAttempts(homeAt(context.home).node, set);
    if (!owesPrune(attempts, removed, context.clock.now())) return { removed };
    return { removed, freed: await free(context, repository) };
  } catch (error) {
    const failure = context.signal.aborted ? undefined : describeFailure(error);
    if (failure === undefined) throw error;
    const { code, message, hint } = failure;
    context.output.warn(`the rule of the set ${set.name} is not applied: ${message} [${code}]`);
    return { removed, code, message, hint };
  }
}

async function forgetBeyond(
  { signal }: Context,
  repository: Repository,
  { set, hasArrivals }: { readonly set: BackupSet; readonly hasArrivals: boolean },
): Promise<Pick<Awaited<ReturnType<typeof forget>>, 'removed' | 'kept'>> {
  return await forget(repository, {
    policy: parseKeepRule(ruleOf(set)),
    filter: { tags: [[setTag(set), ...(set.keep === undefined ? [liveTag] : [])]] },
    groupOf: groupBy([]),
    judgedBy: hasArrivals ? 'arrival' : 'time',
    signal,
  });
}

async function free(context: Context, repository: Repository): Promise<number> {
  const progress = context.progress('prune');
  const { freedBytes } = await prune(repository, {
    ...usualPruneRules(),
    signal: context.signal,
    onProgress: (state) => progress.update(state),
  }).finally(() => progress.stop());
  return freedBytes;
}
