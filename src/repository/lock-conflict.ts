import { HoldfastError, minuteMs } from '../base/index.ts';
import type { ObjectId } from '../storage/index.ts';
import type { Lock } from './format/lock.ts';

const staleAfterMs = 30 * minuteMs;

/** A lock and the name of its file. */
export interface StoredLock extends Lock {
  readonly id: ObjectId;
}

/**
 * Whether nobody can hold this lock any more: it is older than half an hour without a refresh, or its process ran on
 * this machine and is gone (restic design document, "Locks").
 */
export function isStale(lock: Lock, here: { readonly hostname: string; readonly nowMs: number }): boolean {
  const ageMs = here.nowMs - Number(lock.timeNs / 1_000_000n);
  return ageMs > staleAfterMs || (lock.hostname === here.hostname && lock.pid > 0 && !isRunning(lock.pid));
}

/** Whether two locks cannot be held at the same time. */
export function conflicts(a: { readonly exclusive: boolean }, b: { readonly exclusive: boolean }): boolean {
  return a.exclusive || b.exclusive;
}

/** The `repository_locked` that names who holds the lock. */
export function lockedError(lock: StoredLock): HoldfastError {
  const since = new Date(Number(lock.timeNs / 1_000_000n)).toISOString();
  const kind = lock.exclusive ? 'exclusively ' : '';
  const holder = `process ${lock.pid} on ${lock.hostname} (${lock.username})`;
  return new HoldfastError(
    'repository_locked',
    `the repository is ${kind}locked by ${holder} since ${since}`,
    {
      hint: 'wait until it is done; a lock whose holder is gone is passed over once it is 30 minutes old',
    },
  );
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, under another account.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
