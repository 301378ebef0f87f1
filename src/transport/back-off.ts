import { minuteMs, secondMs } from '../base/index.ts';

/** How something that failed has failed so far. */
export interface Failing {
  /** How often in a row; 1 at first. */
  readonly count: number;
  /** Since the first of these. */
  readonly downMs: number;
  /** How long it is to be borne in all. */
  readonly patienceMs: number;
}

/** How long to wait before the next attempt, in milliseconds, or undefined to give up. */
export type BackOff = (failing: Failing) => number | undefined;

/** How long failures are borne, in milliseconds. */
export const patience = {
  /** Of a server that has answered in this run: long enough for it to be started anew, or for a line to be mended. */
  reachedMs: 15 * minuteMs,
  /** Of one that was known before and has not answered yet: a restart, a line that comes up after a machine has slept. */
  knownMs: 30 * secondMs,
  /** Of an address that somebody has just typed, which may be wrong. */
  typedMs: 5 * secondMs,
} as const;

const firstMs = secondMs / 2;
const longestMs = 30 * secondMs;
/** A wait is this part of the patience at most, so that a line which is back is used soon. */
const parts = 6;

/**
 * Half a second, doubling up to thirty. Up to half of each wait is left to chance, so that the clients of a server do not
 * come back all at once; the last attempt is made when the patience ends.
 */
export const patientBackOff: BackOff = ({ count, downMs, patienceMs }) => {
  const leftMs = patienceMs - downMs;
  if (leftMs <= 0) return undefined;
  const waitMs = Math.min(longestMs, patienceMs / parts, firstMs * 2 ** (count - 1));
  return Math.min(leftMs, waitMs * (0.5 + Math.random() / 2));
};
