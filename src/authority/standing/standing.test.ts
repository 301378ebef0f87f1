import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { openRecoveryKit } from '../../enrol/index.ts';
import { SampleHome } from '../authority.fixture.ts';
import { restoreAuthority } from '../restore/restore-authority.ts';

it('nothing is issued by an authority that has met a newer copy of itself, and that is on record', async () => {
  await using home = await SampleHome.open();
  const { issued } = await home.node('alpha');
  const path = join(home.path, 'x.age');
  await home.authority.backups.write({ path, by: 'admin/local' });
  const { identity } = await openRecoveryKit(home.kit?.reveal() ?? '');
  const key = { kind: 'recovery key', identity } as const;
  await using newer = await SampleHome.empty();
  const order = { mirrors: [], logIsLost: 'a test', clock: home.clock, by: 'admin/local' };
  await restoreAuthority({ ...order, home: newer.path, path, key, names: [] });
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
