import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteBudget } from './content-reader.ts';

test('no more is held than the limit, and what is larger is held alone', async () => {
  const budget = new ByteBudget(10);
  let held = 0;
  const seen: number[] = [];
  const work = [4, 4, 4, 25, 2, 9, 1].map((bytes) =>
    budget.hold(bytes, async () => {
      held += bytes;
      seen.push(held);
      await new Promise((resolve) => setImmediate(resolve));
      held -= bytes;
    }),
  );
  await Promise.all(work);
  assert.deepEqual(seen, [4, 8, 8, 25, 2, 9, 10]);
});

test('what failed is held no longer', async () => {
  const budget = new ByteBudget(10);
  const failure = budget.hold(10, async () => {
    throw new Error('no');
  });
  const next = budget.hold(10, async () => 'yes');
  await assert.rejects(failure, /no/);
  assert.equal(await next, 'yes');
});
