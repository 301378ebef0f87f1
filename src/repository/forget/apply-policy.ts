import { hasTags } from '../snapshot-filter.ts';
import { periodOf, spanBefore, type ZonedTime } from './calendar.ts';
import { formatSpan, type KeepPolicy, type Period, periods, type Span } from './keep-policy.ts';

/** What a policy looks at. */
export interface Judged extends ZonedTime {
  readonly tags?: readonly string[];
}

/** What a policy comes to, the newest first. */
export interface Judgement<T> {
  /** Those that stay, each with all that keeps it, in restic's words: `daily snapshot`, `within 2m`, `has tags [a, b]`. */
  readonly keep: readonly { readonly snapshot: T; readonly reasons: readonly string[] }[];
  readonly remove: readonly T[];
}

/**
 * Says which of `snapshots`, one group, a policy keeps, exactly as restic does. Of each period the newest takes the place; while
 * there are places left over the oldest of all is kept too. Spans count back from the newest that is not from the future.
 *
 * @param nowMs what lies after it is from the future; milliseconds since 1970
 */
export function applyPolicy<T extends Judged>(
  snapshots: readonly T[],
  policy: KeepPolicy,
  nowMs: number,
): Judgement<T> {
  const newestFirst = snapshots.toSorted((a, b) =>
    a.timeNs === b.timeNs ? 0 : a.timeNs > b.timeNs ? -1 : 1,
  );
  const nowNs = BigInt(nowMs) * 1_000_000n;
  const newest = newestFirst.find(({ timeNs }) => timeNs < nowNs);
  const rules = [...tagRules(policy), ...withinRules(policy, newest), ...placeRules(policy, newest)];
  const keep: { snapshot: T; reasons: readonly string[] }[] = [];
  const remove: T[] = [];
  for (const [place, snapshot] of newestFirst.entries()) {
    const at = { place, isOldest: place === newestFirst.length - 1 };
    const reasons = rules.flatMap((rule) => rule(snapshot, at) ?? []);
    if (reasons.length > 0) keep.push({ snapshot, reasons });
    else remove.push(snapshot);
  }
  return { keep, remove };
}

/** Where a snapshot stands among those of its group. */
interface Standing {
  /** Counted from the newest, 0. */
  readonly place: number;
  readonly isOldest: boolean;
}

/** Why a part of a policy keeps a snapshot, if it does; asked of each, the newest first. */
type Rule = (snapshot: Judged, at: Standing) => string | undefined;

function tagRules({ tags = [] }: KeepPolicy): Rule[] {
  return tags.map((list) => {
    const reason = `has tags [${list.join(', ')}]`;
    return (snapshot) => (hasTags(snapshot, list) ? reason : undefined);
  });
}

function withinRules({ within }: KeepPolicy, newest: Judged | undefined): Rule[] {
  if (within === undefined) return [];
  const isWithin = after(newest, within);
  return [(snapshot) => (isWithin(snapshot) ? `within ${formatSpan(within)}` : undefined)];
}

/** Whether a snapshot is newer than `span` before the newest; all are where that is from the future, or the span has no beginning. */
function after(newest: Judged | undefined, span: Span): (snapshot: Judged) => boolean {
  const since = newest && spanBefore(newest, span);
  return ({ timeNs }) => since === undefined || timeNs > since;
}

function placeRules(policy: KeepPolicy, newest: Judged | undefined): Rule[] {
  const { last = 0, withinEach = {} } = policy;
  const counted = periods.map((period) =>
    places(`${period} snapshot`, policy[period] ?? 0, (snapshot) => periodOf(snapshot, period)),
  );
  const spanned = periods.map((period) => placesWithin(period, withinEach[period], newest));
  return [places('last snapshot', last, (_, place) => place), ...counted, ...spanned].filter(
    (rule) => rule !== undefined,
  );
}

/** One place for each period, as long as there are some. */
function places(
  reason: string,
  count: number,
  period: (snapshot: Judged, place: number) => number | string,
): Rule | undefined {
  if (count === 0) return undefined;
  let left = count;
  let taken: number | string | undefined;
  return (snapshot, { place, isOldest }) => {
    if (left === 0) return undefined;
    const here = period(snapshot, place);
    const isTaken = here === taken;
    if (isTaken && !isOldest) return undefined;
    taken = here;
    left--;
    return isTaken ? `oldest ${reason}` : reason;
  };
}

function placesWithin(period: Period, span: Span | undefined, newest: Judged | undefined): Rule | undefined {
  if (span === undefined) return undefined;
  const isWithin = after(newest, span);
  const reason = `${period} within ${formatSpan(span)}`;
  const rule = places(reason, Infinity, (snapshot) => periodOf(snapshot, period));
  return (snapshot, at) => (isWithin(snapshot) ? rule?.(snapshot, at) : undefined);
}
