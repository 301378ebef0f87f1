import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayMs } from '../base/index.ts';
import { snapshotLockedUntil, trashLockedUntil } from './retention-lock.ts';

/** No lock until day 10, thirty days from then on, seven from day 20 on. */
const periods = [
  { fromMs: 10 * dayMs, lockMs: 30 * dayMs },
  { fromMs: 20 * dayMs, lockMs: 7 * dayMs },
];
const snapshot = (day: number): number => snapshotLockedUntil(periods, day * dayMs) / dayMs;
const trash = (day: number): number => trashLockedUntil(periods, day * dayMs) / dayMs;

test('a snapshot is locked by the longest lock that was in force since it came', () => {
  assert.deepEqual([snapshot(0), snapshot(15), snapshot(20), snapshot(25)], [30, 45, 27, 32]);
  assert.equal(snapshotLockedUntil([], 5), 5);
});

test('what was removed stays as long as any snapshot that could need it is promised to', () => {
  // A snapshot could have come on day 20, a moment before the lock became shorter.
  assert.deepEqual([trash(5), trash(15), trash(25), trash(60)], [5, 45, 50, 67]);
  assert.equal(trashLockedUntil([], 5), 5);
});

test('whatever a locked snapshot may need is locked in the trash at least as long, whenever it was removed', () => {
  for (let arrived = 0; arrived < 40; arrived++)
    for (let removed = arrived; removed < snapshot(arrived); removed++)
      assert.ok(trash(removed) >= Math.min(snapshot(arrived), ...promisedBy(arrived, removed)));
});

/** What had been promised to a snapshot by the time of a removal. */
function promisedBy(arrived: number, removed: number): number[] {
  const known = periods.filter(({ fromMs }) => fromMs <= removed * dayMs);
  return [snapshotLockedUntil(known, arrived * dayMs) / dayMs];
}
