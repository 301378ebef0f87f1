/** What the retention lock was from a moment on. Times are milliseconds, moments since 1970. */
export interface LockPeriod {
  readonly fromMs: number;
  readonly lockMs: number;
}

/**
 * Until when a snapshot stays that arrived then: for the longest lock that was in force at any moment since. What was
 * promised once is not shortened by a lock that became shorter. `periods` are in the order of their time; before the first
 * there was no lock.
 */
export function snapshotLockedUntil(periods: readonly LockPeriod[], arrivedMs: number): number {
  const since = periods.filter((_, at) => endOf(periods, at) > arrivedMs);
  return arrivedMs + Math.max(0, ...since.map(({ lockMs }) => lockMs));
}

/**
 * Until when something stays in the trash that was removed then. Whoever holds no key cannot know which snapshot needs it,
 * so that it is taken for needed by the last one that could have come before: until every promise that was made to any
 * snapshot by then is over.
 */
export function trashLockedUntil(periods: readonly LockPeriod[], removedMs: number): number {
  const promises = periods.flatMap(({ fromMs, lockMs }, at) =>
    fromMs <= removedMs ? [Math.min(endOf(periods, at), removedMs) + lockMs] : [],
  );
  return Math.max(removedMs, ...promises);
}

function endOf(periods: readonly LockPeriod[], at: number): number {
  return periods[at + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
}
