import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mapInTurns, readAhead } from './concurrency.ts';

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

test('so many items are made ahead, in their order, and no more once nobody wants them', async () => {
  let made = 0;
  let ended = false;
  async function* numbers(): AsyncGenerator<number, void> {
    try {
      for (; made < 20; made++) yield made;
    } finally {
      ended = true;
    }
  }
  const seen: number[] = [];
  for await (const number of readAhead(numbers(), 3)) {
    seen.push(number);
    await new Promise(setImmediate);
    assert.equal(made, number + 3);
    if (number === 5) break;
  }
  assert.deepEqual(seen, [0, 1, 2, 3, 4, 5]);
  assert.ok(ended);
});

test('what fails while it is made ahead is thrown in its turn', async () => {
  async function* failing(): AsyncGenerator<number, void> {
    yield 1;
    yield 2;
    throw new Error('the third');
  }
  const seen: number[] = [];
  const reading = (async () => {
    for await (const number of readAhead(failing(), 5)) seen.push(number);
  })();
  await assert.rejects(reading, /the third/);
  assert.deepEqual(seen, [1, 2]);
});
