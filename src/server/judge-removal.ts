import type { Authority } from '../authority/index.ts';
import { HoldfastError } from '../base/index.ts';
import { snapshotLockedUntil, trashLockedUntil } from '../policy/index.ts';
import type { JudgeRemoval } from '../storage/index.ts';

/**
 * Removals as the network has decided: a snapshot within the retention lock stays. Packs, indexes and keys go into the trash
 * whenever they came, since a prune puts others in their place; there they stay as long as any snapshot may need them.
 */
export function removalJudge(authority: {
  readonly policy: Pick<Authority['policy'], 'lockPeriods'>;
  readonly time: Authority['time'];
}): JudgeRemoval {
  return async ({ type, name }, { arrivedMs }) => {
    const periods = await authority.policy.lockPeriods();
    const removedMs = authority.time();
    const lockedMs = type === 'snapshots' ? snapshotLockedUntil(periods, arrivedMs) : 0;
    if (lockedMs > removedMs)
      throw new HoldfastError(
        'retention_locked',
        `${type}/${name} came within the retention lock, and stays until ${new Date(lockedMs).toISOString()}`,
      );
    return { removedMs, lockedUntilMs: trashLockedUntil(periods, removedMs) };
  };
}
