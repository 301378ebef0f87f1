import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { SampleHome } from '../authority.fixture.ts';

it('nothing is issued by an authority that has met a newer copy of itself, and that is on record', async () => {
  await using home = await SampleHome.open();
  const { issued } = await home.node('alpha');
  const path = join(home.path, 'x.age');
  await home.backUp(path);
  await using newer = await SampleHome.empty();
  await newer.restore(path, home, { logIsLost: 'a test' });
  await newer.reopen();
  const checkpoint = newer.authority.checkpoint();
  const { certificate } = issued;
  const renewal = {
    identity: { network: newer.authority.network, role: 'client', name: 'alpha' } as const,
    serial: certificate.serial,
    request: new Uint8Array(),
  };
  await assert.rejects(home.authority.renew({ ...renewal, checkpoint }), /record \d+ of epoch \d+/);
  assert.equal(home.authority.standing, 'superseded');
  await assert.rejects(home.node('beta'), /newer copy/);
  assert.equal((await home.authority.log.list()).at(-1)?.kind, 'superseded');
});

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
