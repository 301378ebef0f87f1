import { isHoldfastError } from '../../base/index.ts';
import type { AuthorityContext } from '../authority-context.ts';
import type { ClockProblem } from './clock-guard.ts';

/**
 * Refuses while the clock of this machine is wrong: for whatever writes a date that others believe. Certificates get
 * lifetimes by it, and a revocation list or an OCSP answer dated ahead would not be believed until its day comes, while
 * the one that stands goes on. What revokes does not ask: it has to work at any hour.
 *
 * @throws HoldfastError `clock_wrong`, with both times
 */
export function checkClock({ clockGuard }: Pick<AuthorityContext, 'clockGuard'>): void {
  clockGuard.check();
}

/** Keeps the time now and then, while the clock is right, to see by it later when the clock was moved. */
export async function keepTime({ clockGuard, records }: AuthorityContext): Promise<void> {
  if (!clockGuard.isKeepingDue() || clockGuard.problem() !== undefined) return;
  await records
    .transaction((tx) => clockGuard.keep(tx))
    .catch((error: unknown) => {
      // The next time will do, and a full disk must not keep anybody from looking at the authority.
      if (!isHoldfastError(error, 'storage_full')) throw error;
    });
}

/**
 * Goes on with the clock as it is, because somebody has looked and says why. Recorded with both times. The problem that
 * was there; undefined when there was none, and then nothing is recorded.
 */
export async function acceptClock(
  { clockGuard, records, log }: AuthorityContext,
  { reason, by }: { readonly reason: string; readonly by: string },
): Promise<ClockProblem | undefined> {
  const problem = clockGuard.problem();
  if (problem === undefined) return undefined;
  const { kind, nowMs, expectedMs } = problem;
  const details = {
    reason,
    clock: kind,
    now: new Date(nowMs).toISOString(),
    expected: new Date(expectedMs).toISOString(),
  };
  await records.transaction(async (tx) => {
    await log.append(tx, { kind: 'clock accepted', by, details });
    await clockGuard.keep(tx);
  });
  return problem;
}
