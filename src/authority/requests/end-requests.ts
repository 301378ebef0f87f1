import { dayMs } from '../../base/index.ts';
import type { AuthorityContext } from '../authority-context.ts';

/** How long a request that ended can still be asked after. */
const keptMs = 90 * dayMs;

/** Puts on record which requests have waited too long; they answer as expired before that already. */
export async function expireRequests({ records, clock }: AuthorityContext): Promise<void> {
  await records.requests.expire(clock.now());
}

/** Removes requests that ended long ago; the log keeps what became of them. A clock that is wrong removes nothing. */
export async function removeOldRequests({ records, clock, clockGuard }: AuthorityContext): Promise<void> {
  if (clockGuard.problem() === undefined) await records.requests.removeEnded(clock.now() - keptMs);
}
