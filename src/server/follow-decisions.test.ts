import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createLog } from '../base/index.ts';
import { keepGoing } from './follow-decisions.ts';

it('upkeep that fails costs that one time, is said, and is done again', async () => {
  const said: string[] = [];
  const log = createLog({ destination: { write: (line: string) => void said.push(line) } });
  const thrice = Promise.withResolvers<void>();
  let times = 0;
  const stop = keepGoing(
    async () => {
      times += 1;
      if (times === 3) thrice.resolve();
      throw new Error('no line to the database');
    },
    { everyMs: 5, atOnce: true, log },
  );
  await thrice.promise;
  await stop();
  assert.equal(said.length, times);
  assert.match(said[0] ?? '', /no line to the database.*upkeep failed/);
});
