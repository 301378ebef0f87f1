import { dayMs, HoldfastError, minuteMs } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import { describeFilter, matchesFilter, type SnapshotFilter } from '../snapshot-filter.ts';
import type { StoredSnapshot } from '../stored-snapshots.ts';
import { applyPolicy, type Judged } from './apply-policy.ts';
import { findHeirs } from './find-heirs.ts';
import { describeGroup, type GroupKey, type GroupOf, groupSnapshots } from './group-snapshots.ts';
import { emptyPolicy, isEmptyPolicy, type KeepPolicy } from './keep-policy.ts';

/**
 * By which time snapshots are judged: what each says of itself, or when it arrived at its storage; `likely-arrival` is for where
 * nobody has said: by arrival if the storage tells of it, and nothing goes then that says it was made long before.
 */
export type JudgedBy = 'time' | 'arrival' | 'likely-arrival';

/** Which snapshots go. */
export interface ForgetRules {
  readonly policy: KeepPolicy;
  readonly groupOf: GroupOf<StoredSnapshot>;
  readonly judgedBy: JudgedBy;
  /** Only snapshots that it lets through are looked at; the others stay. */
  readonly filter?: SnapshotFilter;
  /** Groups may be left without any snapshot. */
  readonly removeAll?: boolean;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** What becomes of a group. */
export interface GroupPlan {
  readonly key: GroupKey;
  /** The newest first, each with all that keeps it. */
  readonly keep: readonly KeptSnapshot[];
  readonly remove: readonly StoredSnapshot[];
}

/** A snapshot that stays, and why. */
export interface KeptSnapshot {
  readonly snapshot: StoredSnapshot;
  readonly reasons: readonly string[];
}

/**
 * Says what becomes of each snapshot. By arrival a snapshot whose arrival nobody knows stays and takes no place from others.
 *
 * @throws HoldfastError `usage` for a policy that keeps nothing, unless `removeAll` and a filter say which are meant;
 *   `last_snapshot` when a group would be left without any; `snapshot_times_differ` as {@link JudgedBy} says
 */
export function planForget(snapshots: readonly StoredSnapshot[], rules: ForgetRules): GroupPlan[] {
  const { policy, groupOf, filter = {}, removeAll = false } = rules;
  if (isEmptyPolicy(policy) && !(removeAll && describeFilter(filter) !== '')) throw emptyPolicy();
  const chosen = snapshots.filter((snapshot) => matchesFilter(snapshot, filter));
  const plans = groupSnapshots(chosen, groupOf).map(({ key, snapshots: members }) => {
    const plan = { key, ...judge(members, rules) };
    if (plan.keep.length === 0 && !removeAll) throw lastOf(key, plan.remove.length);
    return plan;
  });
  if (rules.judgedBy === 'likely-arrival') checkLate(plans);
  return plans;
}

/**
 * Says what becomes of the groups of the snapshots that are named: those go, and all others stay.
 *
 * @throws HoldfastError `last_snapshot` when a group would be left without any, unless `removeAll`
 */
export function planNamed(
  snapshots: readonly StoredSnapshot[],
  named: ReadonlySet<ObjectId>,
  { groupOf, removeAll = false }: Pick<ForgetRules, 'groupOf' | 'removeAll'>,
): GroupPlan[] {
  return groupSnapshots(snapshots, groupOf).flatMap(({ key, snapshots: members }) => {
    const remove = members.filter(({ id }) => named.has(id));
    if (remove.length === 0) return [];
    if (remove.length === members.length && !removeAll) throw lastOf(key, remove.length);
    const keep = members.filter(({ id }) => !named.has(id)).map((snapshot) => ({ snapshot, reasons: [] }));
    return [{ key, keep, remove }];
  });
}

/** A clock that was set wrong, or a line that was down, can make so much of a difference. */
const lateAfterMs = dayMs;

/**
 * Nothing goes by its arrival that says it is more than a day older: it waited for a line, somebody made it up, or the repository
 * was copied, which gives all files new times, and then nearly all of them would go.
 */
function checkLate(plans: readonly GroupPlan[]): void {
  const late = plans
    .flatMap(({ remove }) => remove)
    .filter(({ arrivedMs = -Infinity, timeNs }) => arrivedMs - Number(timeNs / 1_000_000n) > lateAfterMs);
  if (late.length === 0) return;
  const ids = late.map(({ id }) => id.slice(0, 8));
  const message = `${late.length} snapshots that would go arrived more than a day after they say they were made, ${ids[0]} among them`;
  throw new HoldfastError('snapshot_times_differ', message, { names: ids });
}

function judge(
  members: readonly StoredSnapshot[],
  { policy, judgedBy, nowMs }: ForgetRules,
): Pick<GroupPlan, 'keep' | 'remove'> {
  const isTold = judgedBy === 'arrival' || members.some(({ arrivedMs }) => arrivedMs !== undefined);
  if (judgedBy === 'time' || !isTold) return applyPolicy(members, policy, nowMs);
  const { judged, heirs } = findHeirs(members.filter(({ arrivedMs }) => arrivedMs !== undefined));
  const heirsOf = ({ id, arrivedMs }: StoredSnapshot): readonly StoredSnapshot[] =>
    (heirs.get(id) ?? []).map((heir) => (arrivedMs === undefined ? heir : { ...heir, arrivedMs }));
  const arrived = judged.map((snapshot) => byArrival(snapshot, heirsOf(snapshot)));
  const { keep, remove } = applyPolicy(arrived, policy, nowMs);
  const waited = applyPolicy(byTurn(arrived), policy, nowMs).keep.filter(({ snapshot }) => isLate(snapshot));
  const late = new Map(waited.map(({ snapshot: { snapshot }, reasons }) => [snapshot, reasons]));
  const kept: KeptSnapshot[] = [
    ...keep.map(({ snapshot: { snapshot }, reasons }) => ({ snapshot, reasons })),
    ...remove.flatMap(({ snapshot }) => {
      const reasons = late.get(snapshot)?.map((reason) => `${reason}, of when it waited`);
      return reasons === undefined ? [] : [{ snapshot, reasons }];
    }),
  ];
  const gone = remove.map(({ snapshot }) => snapshot).filter((snapshot) => !late.has(snapshot));
  const unknown = members.filter(({ arrivedMs }) => arrivedMs === undefined);
  return {
    keep: [
      ...kept.flatMap((each) => [each, ...heirsOf(each.snapshot).map((heir) => sameAs(each, heir))]),
      ...unknown.map((snapshot) => ({ snapshot, reasons: ['arrival not known'] })),
    ],
    remove: gone.flatMap((snapshot) => [snapshot, ...heirsOf(snapshot)]),
  };
}

function sameAs({ snapshot }: KeptSnapshot, heir: StoredSnapshot): KeptSnapshot {
  return { snapshot: heir, reasons: [`the same as ${snapshot.id.slice(0, 8)}`] };
}

/** A snapshot, and when it counts as made. */
interface Arrived extends Judged {
  readonly snapshot: StoredSnapshot;
}

/** Who stores snapshots has one clock, and one zone: that of this machine is as good for all of them. Tags of heirs are its own too. */
function byArrival(snapshot: StoredSnapshot, heirs: readonly StoredSnapshot[]): Arrived {
  const { arrivedMs = 0 } = snapshot;
  const tags = [snapshot, ...heirs].flatMap(({ tags: own = [] }) => own);
  return { timeNs: BigInt(Math.trunc(arrivedMs)) * 1_000_000n, tags, snapshot };
}

/** What takes longer from its making to its arrival has waited for a line, or says so. */
const waitedMs = 10 * minuteMs;

function isLate({ timeNs, snapshot }: Arrived): boolean {
  const { arrivedMs = 0 } = snapshot;
  return timeNs === snapshot.timeNs && arrivedMs - Number(timeNs / 1_000_000n) > waitedMs;
}

/**
 * The same by when each says it was made, as far as that can be: not after it arrived, and not before the one that arrived before it. Many that
 * waited for a line arrive at once, and have been of many days. Whoever makes some up has for them no more than the time
 * in which nothing arrived, and takes no place from any by it: what stays by its arrival does.
 */
function byTurn(arrived: readonly Arrived[]): Arrived[] {
  const order = (one: bigint, other: bigint): number => (one < other ? -1 : Number(one > other));
  const inTurn = arrived.toSorted(
    (a, b) => order(a.timeNs, b.timeNs) || order(a.snapshot.timeNs, b.snapshot.timeNs),
  );
  let beforeNs = 0n;
  return inTurn.map(({ timeNs: arrivedNs, ...rest }) => {
    const saidNs = rest.snapshot.timeNs < arrivedNs ? rest.snapshot.timeNs : arrivedNs;
    beforeNs = saidNs > beforeNs ? saidNs : beforeNs;
    return { ...rest, timeNs: beforeNs };
  });
}

function lastOf(key: GroupKey, count: number): HoldfastError {
  const which = count === 1 ? 'the only snapshot' : `all ${count} snapshots`;
  return new HoldfastError(
    'last_snapshot',
    `${which} of ${describeGroup(key)} would go, expected one to stay`,
    {
      hint: 'keep more of them, or say --unsafe-allow-remove-all when all of them are to go',
    },
  );
}
