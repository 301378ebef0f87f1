import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dayMs, hourMs, isHoldfastError } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import { idOf } from '../format/blob.ts';
import type { StoredSnapshot } from '../stored-snapshots.ts';
import { groupBy } from './group-snapshots.ts';
import { type ForgetRules, planForget, planNamed } from './plan-forget.ts';

const nowMs = Date.parse('2026-06-01T12:00:00Z');
const tree = idOf(Buffer.from('tree'));

/** A snapshot made so many days ago, and arrived at once unless said. */
function made(daysAgo: number, more: Partial<StoredSnapshot> = {}): StoredSnapshot {
  const ms = nowMs - daysAgo * dayMs;
  const id = idOf(Buffer.from(JSON.stringify([daysAgo, { ...more, timeNs: String(more.timeNs) }])));
  const said = { hostname: 'laptop', paths: ['/home'], arrivedMs: ms };
  return { id, timeNs: BigInt(ms) * 1_000_000n, zoneMinutes: 0, tree, ...said, ...more };
}

const rules = (more: Partial<ForgetRules>): ForgetRules => ({
  policy: { daily: 2 },
  groupOf: groupBy(['host', 'paths']),
  judgedBy: 'time',
  nowMs,
  ...more,
});

const removedIn = (snapshots: readonly StoredSnapshot[], more: Partial<ForgetRules> = {}): ObjectId[] =>
  planForget(snapshots, rules(more)).flatMap(({ remove }) => remove.map(({ id }) => id));

describe('what is forgotten', () => {
  it('is judged in each group by itself, and folders are the same in any order', () => {
    const one = made(5, { paths: ['/a', '/b'] });
    const same = made(4, { paths: ['/b', '/a'] });
    const other = made(3, { paths: ['/a'] });
    const policy = { last: 1 };
    assert.deepEqual(removedIn([one, same, other], { policy }), [one.id]);
    assert.deepEqual(removedIn([one, same, other], { policy, groupOf: groupBy([]) }), [same.id, one.id]);
    const tagged = made(1, { tags: ['x'] });
    const byTags = groupBy(['tags']);
    assert.deepEqual(removedIn([made(2), tagged], { policy, groupOf: byTags }), []);
  });

  it('is never all of a group, and nothing by an empty policy, unless that is said', () => {
    const all = [made(1), made(2)];
    const none = { policy: { tags: [['x']] } };
    assert.throws(() => removedIn(all, none), {
      code: 'last_snapshot',
      message: 'all 2 snapshots of host laptop, /home would go, expected one to stay',
    });
    assert.equal(removedIn(all, { ...none, removeAll: true }).length, 2);
    const empty = { policy: { last: 0, daily: undefined, tags: [], withinEach: {} } };
    assert.throws(
      () => removedIn(all, empty),
      (error) => isHoldfastError(error, 'usage'),
    );
    assert.throws(
      () => removedIn(all, { ...empty, removeAll: true }),
      (error) => isHoldfastError(error, 'usage'),
    );
    const filter = { hosts: ['laptop'] };
    assert.equal(removedIn(all, { ...empty, filter, removeAll: true }).length, 2);
  });

  it('is not what the filter leaves out', () => {
    const other = made(9, { hostname: 'desk' });
    const filter = { hosts: ['laptop'] };
    assert.deepEqual(removedIn([other, made(3), made(2)], { policy: { last: 1 }, filter }), [made(3).id]);
  });

  it('by arrival: what was made up in the past takes one place of today, and none of the past', () => {
    const honest = Array.from({ length: 10 }, (_, day) => made(day + 1));
    const madeUp = honest.map((_, day) =>
      made(day + 1, { timeNs: honest[day]!.timeNs + 1_000_000n, arrivedMs: nowMs - hourMs }),
    );
    const policy = { daily: 6 };
    const byTime = removedIn([...honest, ...madeUp], { policy });
    assert.equal(byTime.filter((id) => honest.some((each) => each.id === id)).length, 10);
    const byArrival = removedIn([...honest, ...madeUp], { policy, judgedBy: 'arrival' });
    const left = honest.filter(({ id }) => !byArrival.includes(id));
    assert.deepEqual(left, honest.slice(0, 5));
    assert.throws(
      () => removedIn([...honest, ...madeUp], { policy, judgedBy: 'likely-arrival' }),
      (error) => isHoldfastError(error, 'snapshot_times_differ'),
    );
  });

  it('by arrival: what waited for a line keeps the days that it waited, as far as nothing arrived then', () => {
    const before = [made(9), made(8)];
    const waited = [7, 6, 5, 4, 3, 2].flatMap((day) => [
      made(day + 0.1, { arrivedMs: nowMs - hourMs - 2 * day }),
      made(day, { arrivedMs: nowMs - hourMs - 2 * day + 1 }),
    ]);
    const policy = { daily: 20 };
    const gone = removedIn([...before, ...waited], { policy, judgedBy: 'arrival' });
    assert.deepEqual(
      gone.toSorted(),
      waited
        .filter((_, n) => n % 2 === 0)
        .map(({ id }) => id)
        .toSorted(),
    );
    // Who comes afterwards, and says that he waited too, takes the place of the newest alone, as whoever comes on the same day does.
    const later = waited.map(({ timeNs }, n) =>
      made(1, { timeNs: timeNs + 5n, arrivedMs: nowMs - 1000 + n }),
    );
    const goneThen = removedIn([...before, ...waited, ...later], { policy, judgedBy: 'arrival' });
    const newest = waited.at(-1)?.id ?? '';
    assert.deepEqual(
      goneThen.filter((id) => !later.some((each) => each.id === id)).toSorted(),
      [...gone, newest].toSorted(),
    );
    const few = removedIn([...before, ...waited, ...later], { policy: { daily: 3 }, judgedBy: 'arrival' });
    for (const { id } of before) assert.ok(!few.includes(id));
  });

  it('by arrival: what nobody knows the arrival of stays and takes no place; where none is known times count', () => {
    const unknown = made(1, { arrivedMs: undefined });
    const known = [made(2), made(3), made(4)];
    const policy = { last: 2 };
    assert.deepEqual(removedIn([unknown, ...known], { policy, judgedBy: 'arrival' }), [known[2]!.id]);
    const bare = known.map((each) => ({ ...each, arrivedMs: undefined }));
    assert.deepEqual(removedIn(bare, { policy, judgedBy: 'likely-arrival' }), [known[2]!.id]);
    assert.deepEqual(removedIn(bare, { policy, judgedBy: 'arrival' }), []);
  });

  it('by arrival: what is another one with other tags stays with it, and takes no place of its own', () => {
    const history = Array.from({ length: 9 }, (_, day) => made(day));
    const old = history[4]!;
    const tagged = made(4, { original: old.id, tags: ['x'], arrivedMs: nowMs - hourMs });
    const policy = { daily: 6 };
    const goes = removedIn([...history, tagged], { policy, judgedBy: 'likely-arrival' });
    assert.deepEqual(
      goes,
      history.slice(6).map(({ id }) => id),
    );
    const gone = removedIn([...history, tagged], { policy: { daily: 3 }, judgedBy: 'likely-arrival' });
    assert.ok(gone.includes(tagged.id) && gone.includes(old.id));
    // Its tags count for both.
    const kept = removedIn([...history, tagged], {
      policy: { daily: 3, tags: [['x']] },
      judgedBy: 'likely-arrival',
    });
    assert.ok(!kept.includes(tagged.id) && !kept.includes(old.id));
    // In the place of the old one, with its arrival.
    const alone = [...history.filter((each) => each !== old), { ...tagged, arrivedMs: old.arrivedMs! }];
    assert.deepEqual(removedIn(alone, { policy, judgedBy: 'likely-arrival' }), goes);
  });

  it('by arrival: no snapshot has the time of another because it says that it comes from it', () => {
    const history = Array.from({ length: 9 }, (_, day) => made(day + 1));
    const other = made(3.4, { hostname: 'desk', paths: ['/etc'] });
    const poison = idOf(Buffer.from('poison'));
    const forgeries = [
      // Another tree, another time, folders of another group; of one that is not there any more; of one that came later.
      made(3, { original: history[2]!.id, tree: poison, arrivedMs: nowMs }),
      made(2.9, { original: history[2]!.id, arrivedMs: nowMs }),
      made(3.4, { original: other.id, arrivedMs: nowMs }),
      made(2.9, { original: poison, tree: poison, arrivedMs: nowMs }),
      made(0.2, { original: history[0]!.id, arrivedMs: nowMs - 30 * 60_000 }),
    ];
    const policy = { daily: 5 };
    const goes = removedIn([...history, other, ...forgeries], { policy, judgedBy: 'arrival' });
    const left = history.filter(({ id }) => !goes.includes(id));
    // One place of today is lost to all of them together, as to any backup of today.
    assert.deepEqual(left, history.slice(0, 4));
    const byTags = removedIn(
      [
        ...history.map((each) => ({ ...each, tags: ['real'] })),
        made(3, { original: history[2]!.id, tags: ['real', 'x'] }),
      ],
      { policy, groupOf: groupBy(['tags']), judgedBy: 'arrival' },
    );
    assert.equal(byTags.length, 4, 'nor in a group of other tags');
  });

  it('by name is what is named, whatever the rest, and never the last of its group', () => {
    const [one, two] = [made(1), made(2)];
    const groupOf = groupBy(['host', 'paths']);
    const plans = planNamed([one, two, made(1, { hostname: 'desk' })], new Set([two.id]), { groupOf });
    assert.deepEqual(
      plans.map(({ keep, remove }) => [keep.map(({ snapshot }) => snapshot), remove]),
      [[[one], [two]]],
    );
    const both = new Set([one.id, two.id]);
    assert.throws(
      () => planNamed([one, two], both, { groupOf }),
      (error) => isHoldfastError(error, 'last_snapshot'),
    );
    assert.equal(planNamed([one, two], both, { groupOf, removeAll: true }).length, 1);
  });
});
