import { type ErrorCode, hourMs, minuteMs } from '../../base/index.ts';
import { dueGraceMs } from '../../enrol/index.ts';
import { dueRun, nextRun, offsetOf, parseSchedule } from '../../policy/index.ts';
import type { BackupSet } from './backup-set.ts';
import { resultOf, type SetAttempt } from './set-attempts.ts';

/**
 * How a set stands: no attempt yet; as it should be; its time came and nothing began; two of its times did; the newest attempt
 * failed, or ended without a word; some files could not be read; an attempt goes on and does not get on.
 */
export const setStates = ['never', 'ok', 'late', 'missed', 'failed', 'partial', 'stuck'] as const;

/** How a set stands at some moment; times are milliseconds since 1970. */
export interface SetState {
  readonly state: (typeof setStates)[number];
  /** Since when it is so. */
  readonly sinceMs: number;
  /** When the next attempt is to begin, which may have passed. */
  readonly dueMs: number;
  /** When the one after that is. */
  readonly afterMs: number;
  /** Whether an attempt goes on. */
  readonly isRunning: boolean;
}

/** An attempt that has read nothing for so long does not get on; a hook has its own time beside. */
const stuckAfterMs = hourMs;
/** What was cut off, by a power cut say, is done again after so long, once. */
const againAfterMs = 10 * minuteMs;

/** How `set` stands by its attempts, the newest last, at `nowMs` on the machine of that name. */
export function stateOf(
  set: BackupSet,
  attempts: readonly SetAttempt[],
  { nowMs, machine }: { readonly nowMs: number; readonly machine: string },
): SetState {
  const newest = attempts.at(-1);
  const schedule = parseSchedule(set.every, set.zone);
  const from = { addedMs: Date.parse(set.added), offsetMs: offsetOf(`${machine}/${set.id}`, set.spreadMs) };
  // The schedule is what it is, whatever is saved in between.
  const scheduled = attempts.filter(({ live = false }) => !live);
  const dueAfter = (lastMs?: number): number => dueRun(schedule, { ...from, lastMs }, nowMs);
  const afterRun = (lastMs: number): number => nextRun(schedule, { ...from, lastMs });
  const dueMs = dueAt(scheduled, dueAfter);
  const isRunning = newest !== undefined && resultOf(newest) === 'running';
  // What waits here is no backup yet.
  const isStored = (attempt: SetAttempt): boolean => resultOf(attempt) !== 'kept';
  const owedMs = dueAt(scheduled.filter(isStored), dueAfter);
  const stored = attempts.filter(isStored);
  const standing = isRunning
    ? runningState(set, stored, nowMs)
    : restingState(set, stored, { nowMs, dueMs: owedMs, afterMs: afterRun(owedMs) });
  return { ...standing, dueMs, afterMs: afterRun(dueMs), isRunning };
}

type Standing = Pick<SetState, 'state' | 'sinceMs'>;

function runningState(set: BackupSet, attempts: readonly SetAttempt[], nowMs: number): Standing {
  const running = attempts.at(-1);
  const seenMs = Date.parse(running?.seen ?? running?.begun ?? set.added);
  const hookMs = set.before === undefined && set.after === undefined ? 0 : set.hookLimitMs;
  if (nowMs - seenMs > stuckAfterMs + hookMs) return { state: 'stuck', sinceMs: seenMs };
  return endedState(set, attempts.slice(0, -1));
}

function restingState(
  set: BackupSet,
  attempts: readonly SetAttempt[],
  { nowMs, dueMs, afterMs }: { readonly nowMs: number; readonly dueMs: number; readonly afterMs: number },
): Standing {
  const ended = endedState(set, attempts);
  if (ended.state === 'never') return ended;
  if (nowMs > afterMs + dueGraceMs) return { state: 'missed', sinceMs: dueMs };
  if (ended.state === 'ok' && nowMs > dueMs + dueGraceMs) return { state: 'late', sinceMs: dueMs };
  return ended;
}

/** By the attempts that have ended alone; since the first of those that ended alike. */
function endedState(set: BackupSet, attempts: readonly SetAttempt[]): Standing {
  const states = attempts.map(stateAfter);
  const state = states.at(-1);
  if (state === undefined) return { state: 'never', sinceMs: Date.parse(set.added) };
  const first = attempts[states.findLastIndex((each) => each !== state) + 1];
  const since = state === 'ok' ? attempts.at(-1) : first;
  return { state, sinceMs: Date.parse(since?.outcome?.ended ?? since?.begun ?? set.added) };
}

function stateAfter(attempt: SetAttempt): 'ok' | 'partial' | 'failed' {
  const result = resultOf(attempt);
  return result === 'ok' || result === 'partial' ? result : 'failed';
}

function dueAt(attempts: readonly SetAttempt[], dueAfter: (lastMs?: number) => number): number {
  const [before, last] = [attempts.at(-2), attempts.at(-1)];
  if (last === undefined) return dueAfter();
  const begunMs = Date.parse(last.begun);
  const dueMs = dueAfter(begunMs);
  const isOnce = wasCutOff(last) && (before === undefined || !wasCutOff(before));
  return isOnce ? Math.min(dueMs, begunMs + againAfterMs) : dueMs;
}

/** By a kill, or by whoever ended the agent or the machine. */
function wasCutOff(attempt: SetAttempt): boolean {
  return resultOf(attempt) === 'cut off' || attempt.outcome?.code === ('interrupted' satisfies ErrorCode);
}
