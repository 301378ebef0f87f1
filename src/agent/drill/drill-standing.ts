import { dayMs, hourMs } from '../../base/index.ts';
import { offsetOf } from '../../policy/index.ts';
import type { BackupSet } from '../sets/backup-set.ts';
import { resultOf, type SetAttempt } from '../sets/set-attempts.ts';
import type { Drill, DrillRecord } from './drill-record.ts';

/** So often each set is drilled. */
const everyMs = 7 * dayMs;
/** What is found is looked at again so soon, so that nobody waits for the end of an alarm; what could not be held, sooner. */
const againMs: Readonly<Record<Drill['result'], number>> = {
  proven: everyMs,
  empty: everyMs,
  damaged: dayMs,
  different: dayMs,
  failed: hourMs,
};
/** The first drill comes within so long after the first backup, at another moment on each machine. */
const firstWithinMs = dayMs;
/** A clock that was wrong by more than this has been set right since. */
const wrongClockMs = dayMs;
/** A set that nothing has proven for so long wants attention: its drills do not come about. */
const unprovenAfterMs = 21 * dayMs;

/** What a drill is due by. */
export interface DrillTiming {
  readonly nowMs: number;
  /** What the spread of this machine goes by. */
  readonly machine: string;
}

/** When a set is to be drilled next, which may have passed; undefined before it has a snapshot. Milliseconds since 1970. */
export function drillDueMs(
  set: Pick<BackupSet, 'id' | 'added'>,
  attempts: readonly SetAttempt[],
  record: DrillRecord | undefined,
  { nowMs, machine }: DrillTiming,
): number | undefined {
  const begunMs = begunAt(set, attempts);
  if (begunMs === undefined) return undefined;
  if (record === undefined) return begunMs + offsetOf(`${machine}/${set.id} drill`, firstWithinMs);
  return endedAt(record.last, nowMs) + againMs[record.last.result];
}

/**
 * Since when nothing has proven a set, where that is longer than its drills would have left it; undefined of one that is proven, that has
 * nothing in it to be proven, or that has no snapshot yet. Milliseconds since 1970.
 */
export function unprovenSinceMs(
  set: Pick<BackupSet, 'added'>,
  attempts: readonly SetAttempt[],
  record: DrillRecord | undefined,
  nowMs: number,
): number | undefined {
  const begunMs = begunAt(set, attempts);
  if (begunMs === undefined) return undefined;
  const { last, proven } = record ?? {};
  const settling = [proven, ...(last?.result === 'empty' ? [last] : [])].flatMap((drill) => drill ?? []);
  const sinceMs = Math.max(begunMs, ...settling.map((drill) => endedAt(drill, nowMs)));
  return nowMs - sinceMs > unprovenAfterMs ? sinceMs : undefined;
}

/**
 * Since when there could be something to restore; undefined before the first snapshot. Of a set that runs often its first attempts are not kept
 * any more, so that it counts from when it was added.
 */
function begunAt({ added }: Pick<BackupSet, 'added'>, attempts: readonly SetAttempt[]): number | undefined {
  const first = attempts.find((attempt) => ['ok', 'partial'].includes(resultOf(attempt)));
  return first && Math.min(Date.parse(first.outcome?.ended ?? first.begun), Date.parse(added));
}

/** When a drill ended, by a clock that may have been wrong then. */
function endedAt({ ended }: Drill, nowMs: number): number {
  const endedMs = Date.parse(ended);
  return endedMs > nowMs + wrongClockMs ? nowMs : endedMs;
}

/**
 * What is known by all drills of a set: what was found wrong stays so until a drill has restored it, whether or not one could be held
 * since.
 */
export function drillState({ last }: DrillRecord): Drill['result'] {
  if (last.wrong === 0) return last.result;
  return last.problems.some(({ kind }) => kind === 'damaged') ? 'damaged' : 'different';
}

/** Whether somebody has to look at once: not everything that was saved can be restored, or something on disk was not saved. */
export function isDrillAlarm(state: Drill['result']): state is 'damaged' | 'different' {
  return state === 'damaged' || state === 'different';
}

/** What was found wrong, in a sentence; of a drill that was not held, why not. */
export function drillFinding({ wrong, problems, message, code }: Drill): string | undefined {
  const [first] = problems;
  if (first === undefined) return message === undefined ? undefined : `${message} [${code}]`;
  const count = wrong === 1 ? '' : `${wrong} problems, the first: `;
  return `${count}${first.path}: ${first.message}`;
}
