import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { SampleHome } from '../authority.fixture.ts';

test('no checkpoint names a record that a loss of power could undo', async () => {
  await using home = await SampleHome.open();
  await using reader = home.readBeside();
  const committed = async (): Promise<number> =>
    Number((await reader.get('SELECT max(sequence) AS n FROM log'))?.['n']);
  const told = (): number => JSON.parse(home.authority.checkpoint().checkpoint).sequence as number;
  let seenBetween = 0;
  for (let round = 0; round < 20; round++) {
    const before = await committed();
    let recorded = false;
    const issuing = home.local('client', `node-${round}`).then(() => (recorded = true));
    while ((await committed()) === before) await setImmediate();
    if (!recorded) seenBetween += 1;
    assert.equal(told(), recorded ? await committed() : before);
    await issuing;
    assert.equal(told(), before + 1);
  }
  assert.ok(seenBetween > 0);
});
