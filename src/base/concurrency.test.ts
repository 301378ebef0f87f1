import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mapInTurns } from './concurrency.ts';

test('others get their turn while much is mapped, and the results are in order', async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const slow = (value: number): number => {
    const untilMs = performance.now() + 2;
    while (performance.now() < untilMs);
    return value * 2;
  };
  const values = Array.from({ length: 100 }, (_, at) => at);
  assert.deepEqual(
    await mapInTurns(values, slow),
    values.map((value) => value * 2),
  );
  clearInterval(timer);
  assert.ok(turns > 10, `${turns} turns`);
});
