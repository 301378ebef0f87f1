import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dayMs, hourMs } from '../../base/index.ts';
import type { ClientDayRow } from '../records/index.ts';
import { alarmsIn } from './alarms.ts';

const mega = 1e6;
const quiet: Omit<ClientDayRow, 'name' | 'day'> = {
  snapshots: 1,
  keys: 0,
  added_bytes: 5 * mega,
  removed_snapshots: 0,
  removed_objects: 0,
  removed_bytes: 0,
  refused: 0,
};

/** Days of a client, the last of them today; each as usual but for what is said. */
function days(...changes: readonly Partial<ClientDayRow>[]): ClientDayRow[] {
  return changes.map((change, at) => ({ name: 'alpha', day: (at + 100) * dayMs, ...quiet, ...change }));
}

const usual = Array.from({ length: 10 }, () => ({}));

function namesOf(rows: readonly ClientDayRow[], afterMs = hourMs, heldBytes = 1000 * mega): string[] {
  const nowMs = (rows.at(-1)?.day ?? 0) + afterMs;
  return [...alarmsIn({ days: rows, heldBytes, nowMs }).keys()];
}

describe('a client', () => {
  it('that does what it always did raises no alarm, nor does one of which little is known', () => {
    assert.deepEqual(namesOf(days(...usual)), []);
    assert.deepEqual(namesOf(days({ snapshots: 3, keys: 2, added_bytes: 900 * mega })), []);
    assert.deepEqual(namesOf([], hourMs), []);
  });

  for (const [alarm, today] of [
    ['removals', { removed_objects: 200, removed_bytes: 500 * mega }],
    ['removals', { removed_snapshots: 30, removed_objects: 30, removed_bytes: 100 }],
    ['refused removals', { refused: 1 }],
    ['snapshot burst', { snapshots: 25 }],
    ['key added', { keys: 1 }],
    ['lost deduplication', { added_bytes: 700 * mega }],
  ] as const)
    it(`is seen to be otherwise, ${JSON.stringify(today)}, on that day and for two more`, () => {
      assert.deepEqual(namesOf(days(...usual, today)), [alarm]);
      assert.deepEqual(namesOf(days(...usual, today, {}, {})), [alarm]);
      assert.deepEqual(namesOf(days(...usual, today, {}, {}, {})), []);
    });

  it('is as usual when it prunes as ever, and when it makes as many snapshots as ever', () => {
    const prune = { removed_snapshots: 7, removed_objects: 90, removed_bytes: 300 * mega };
    assert.deepEqual(namesOf(days(...usual, prune, {}, {}, {}, {}, {}, prune)), []);
    const live = { snapshots: 200 };
    assert.deepEqual(namesOf(days(live, live, live, live, live, live)), []);
  });

  it('is silent when nothing came for three times as long as between its backups, and for two days at least', () => {
    const daily = days(...usual);
    assert.deepEqual(namesOf(daily, 3.9 * dayMs), []);
    assert.deepEqual(namesOf(daily, 4.1 * dayMs), ['silent']);
    const weekly = daily.filter((_, at) => at % 7 === 0);
    const monthly = [...weekly, ...days({}).map((row) => ({ ...row, day: 114 * dayMs }))];
    assert.deepEqual(namesOf(monthly, 21 * dayMs), []);
    assert.deepEqual(namesOf(monthly, 23 * dayMs), ['silent']);
    assert.deepEqual(namesOf(days({}, {}), 20 * dayMs), [], 'of two days nothing is usual');
  });
});
