import { forEachLimited, HoldfastError, isHoldfastError } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import type { Repository } from '../repository.ts';
import type { LockOptions } from '../repository-lock.ts';
import type { SnapshotListOptions } from '../stored-snapshots.ts';
import { type ForgetRules, type GroupPlan, planForget, planNamed } from './plan-forget.ts';

/** Which snapshots are forgotten, and how. */
export interface ForgetOptions
  extends Omit<ForgetRules, 'nowMs'>,
    Pick<SnapshotListOptions, 'signal' | 'onFuture'>,
    Pick<LockOptions, 'retryForMs' | 'onWaiting'> {
  /** Names as `findSnapshot` takes them, and ids of damaged snapshots: those go, whatever the policy. */
  readonly names?: readonly string[];
  /** Nothing is removed. */
  readonly dryRun?: boolean;
  /** Told of each snapshot that cannot be read: it stays, unless it is named. */
  readonly onDamaged?: (id: ObjectId, error: HoldfastError) => void;
}

/** What was forgotten, or would be. */
export interface ForgetSummary {
  readonly groups: readonly GroupPlan[];
  /** Ids of snapshots that were removed; of those that would be when nothing was to be done. */
  readonly removed: readonly ObjectId[];
  /** Those that the storage did not remove this time. */
  readonly kept: readonly { readonly id: ObjectId; readonly error: HoldfastError }[];
}

/**
 * Removes the snapshots that a policy does not keep, or those that are named: their files alone, which is all that says they were
 * there. What only they needed stays until it is pruned. It holds an exclusive lock, so that nobody reads one meanwhile.
 *
 * @throws HoldfastError as `planForget` and `planNamed`; `append_only`, with nothing removed, when the storage keeps all it has
 */
export async function forget(repository: Repository, options: ForgetOptions): Promise<ForgetSummary> {
  const { dryRun = false, signal: stop, retryForMs, onWaiting } = options;
  await using lock = await repository.lock({ exclusive: !dryRun, signal: stop, retryForMs, onWaiting });
  const signal = stop ? AbortSignal.any([stop, lock.lost]) : lock.lost;
  const { groups, ids } = await plan(repository, options, signal);
  if (dryRun) return { groups, removed: ids, kept: [] };
  return { groups, ...(await removeSnapshots(repository, ids, signal)) };
}

async function plan(
  repository: Repository,
  options: ForgetOptions,
  signal: AbortSignal,
): Promise<{ readonly groups: readonly GroupPlan[]; readonly ids: readonly ObjectId[] }> {
  const { names = [], onFuture, onDamaged, filter } = options;
  const damaged: ObjectId[] = [];
  const snapshots = await repository.snapshots({
    signal,
    onFuture,
    onDamaged: (id, error) => {
      damaged.push(id);
      onDamaged?.(id, error);
    },
  });
  if (names.length === 0) {
    const groups = planForget(snapshots, { ...options, nowMs: repository.clock.now() });
    return { groups, ids: groups.flatMap(({ remove }) => remove.map(({ id }) => id)) };
  }
  const named = new Set<ObjectId>();
  for (const name of names) {
    const unreadable = damaged.find((id) => isPrefix(name, id));
    named.add(unreadable ?? (await repository.findSnapshot(name, { ...filter, signal })).id);
  }
  return { groups: planNamed(snapshots, named, options), ids: [...named] };
}

/** No less than is shown of an id. */
function isPrefix(name: string, id: ObjectId): boolean {
  return name.length >= 8 && id.startsWith(name);
}

const concurrentRemovals = 8;

/** One by one until the storage has taken the first, so that nothing is half done where it takes none. */
async function removeSnapshots(
  repository: Repository,
  ids: readonly ObjectId[],
  signal: AbortSignal,
): Promise<Pick<ForgetSummary, 'removed' | 'kept'>> {
  const removed: ObjectId[] = [];
  const kept: { id: ObjectId; error: HoldfastError }[] = [];
  const remove = async (id: ObjectId): Promise<void> => {
    try {
      await repository.files.remove('snapshots', id, { signal });
      removed.push(id);
    } catch (error) {
      if (isHoldfastError(error, 'append_only')) throw refused(ids.length, removed.length, error);
      if (!isHoldfastError(error, 'storage_failed')) throw error;
      kept.push({ id, error });
    }
  };
  await forEachLimited(ids.slice(0, 1), 1, remove);
  await forEachLimited(ids.slice(1), concurrentRemovals, remove);
  return { removed, kept };
}

function refused(count: number, removed: number, cause: HoldfastError): HoldfastError {
  const which = `${removed} of ${count} snapshots`;
  return new HoldfastError('append_only', `${which} were removed: ${cause.message}`, { cause });
}
