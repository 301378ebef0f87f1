import { setTimeout as wait } from 'node:timers/promises';
import { isHoldfastError } from '../../base/index.ts';

/** Between one try and the next: five seconds in all, in which a server has restarted. */
const delaysMs = [20, 50, 100, 200, 400, 800, 1000, 1200, 1200];

/** Does `work` again while the database cannot be reached, for five seconds at most; the last error is the one thrown. */
export async function untilReached<T>(work: () => Promise<T>): Promise<T> {
  for (const delayMs of delaysMs) {
    try {
      return await work();
    } catch (error) {
      if (!isHoldfastError(error, 'database_unreachable')) throw error;
      await wait(delayMs);
    }
  }
  return await work();
}
