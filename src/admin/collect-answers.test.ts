import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectPages } from './collect-answers.ts';

/** A list of so many numbers, which says what it was asked for. */
function listOf(count: number): { asked: number[]; ask: Parameters<typeof collectPages<number>>[0] } {
  const asked: number[] = [];
  const ask = async ({
    after = 0,
    limit,
  }: {
    readonly after: number | undefined;
    readonly limit: number;
  }) => {
    asked.push(limit);
    return Array.from({ length: Math.min(limit, count - after) }, (_, at) => after + at + 1);
  };
  return { asked, ask };
}

test('a list comes whole and in order, at most a thousand at a time', async () => {
  const { asked, ask } = listOf(2500);
  assert.deepEqual(
    await collectPages(ask),
    Array.from({ length: 2500 }, (_, at) => at + 1),
  );
  assert.deepEqual(asked, [1000, 1000, 1000]);
});

test('no more is asked for than is wanted', async () => {
  const { asked, ask } = listOf(5000);
  assert.equal((await collectPages(ask, 1500)).length, 1500);
  assert.deepEqual(asked, [1000, 500]);
});

test('a server that gives the same page for ever is not asked for ever', async () => {
  const page = Array.from({ length: 1000 }, (_, at) => ({ id: at }));
  await assert.rejects(
    collectPages(async () => structuredClone(page)),
    { code: 'answer_malformed' },
  );
});
