import { dayMs, HoldfastError } from '../../base/index.ts';
import { type KeepPolicy, parseSpan, spanForm } from '../../repository/index.ts';
import type { SetAttempt } from './set-attempts.ts';

/** What {@link parseKeepRule} takes, for people. */
export const keepRuleForm =
  'which snapshots stay, e.g. daily=14,weekly=8,monthly=12,yearly=5; also last=N, hourly=N, within=30d';

const counts = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
const countPattern = /^[1-9]\d{0,5}$/;

/** Reads `daily=14,weekly=8,within=30d`: of how many of the newest days and weeks the newest snapshot stays, and all of 30 days. @throws HoldfastError `usage` */
export function parseKeepRule(text: string): KeepPolicy {
  const parts = text.split(',').map((part) => readPart(part.trim(), text));
  const keys = parts.flatMap((part) => Object.keys(part));
  if (new Set(keys).size < keys.length) throw invalid(text, 'one word stands there twice');
  return Object.assign({}, ...parts) as KeepPolicy;
}

function readPart(part: string, text: string): KeepPolicy {
  const [key = '', value = ''] = part.split('=', 2);
  if (key === 'within') {
    const within = parseSpan(value);
    if (within === undefined) throw invalid(text, `within takes ${spanForm}`);
    return { within };
  }
  const known = counts.find((each) => each === key);
  if (known === undefined || !countPattern.test(value))
    throw invalid(text, `${JSON.stringify(part)} is none`);
  return { [known]: Number(value) };
}

function invalid(text: string, why: string): HoldfastError {
  return new HoldfastError('usage', `the rule ${JSON.stringify(text)}: ${why}; expected ${keepRuleForm}`);
}

/** A repository is pruned by one set so often at most: it is read through for that, and nobody else writes meanwhile. */
const pruneEveryMs = dayMs;

/**
 * Whether space is to be freed now: snapshots went since that was done last, `removed` of them just now, and that is a day ago.
 */
export function owesPrune(attempts: readonly SetAttempt[], removed: number, nowMs: number): boolean {
  const last = attempts.findLastIndex(({ outcome }) => outcome?.forgot?.freed !== undefined);
  const since = attempts.slice(last + 1);
  const isOwed = removed > 0 || since.some(({ outcome }) => (outcome?.forgot?.removed ?? 0) > 0);
  const prunedMs = Date.parse(attempts[last]?.begun ?? '') || Number.NEGATIVE_INFINITY;
  return isOwed && Math.abs(nowMs - prunedMs) >= pruneEveryMs;
}
