import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { SampleHome } from '../authority.fixture.ts';

it('nothing is issued by an authority that has met a newer copy of itself, and that is on record', async () => {
  await using home = await SampleHome.open();
  const { issued } = await home.node('alpha');
  const path = join(home.path, 'x.age');
  await home.authority.backups.write({ path, by: 'admin/local' });
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
