import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNodeRequest } from '../../enrol/index.ts';
import { SampleHome } from '../authority.fixture.ts';

const by = 'admin/ann';

test('what a client may is decided key by key, on record, and holds from then on', async () => {
  await using home = await SampleHome.open();
  await home.node('alpha');
  const { clients } = home.authority;
  const all = { prune: false, quotaBytes: undefined, quarantinedAt: undefined };
  assert.deepEqual(await clients.boundsOf('alpha'), all);
  await clients.bound({ name: 'alpha', prune: true, by });
  await clients.bound({ name: 'alpha', quotaBytes: 5000, by });
  assert.deepEqual(await clients.boundsOf('alpha'), { ...all, prune: true, quotaBytes: 5000 });
  const { length } = await home.authority.log.list();
  await clients.bound({ name: 'alpha', prune: true, by });
  assert.equal((await home.authority.log.list()).length, length, 'what holds already is not recorded again');
  const last = await clients.bound({ name: 'alpha', prune: false, quotaBytes: null, by });
  assert.deepEqual(last, all);
  await assert.rejects(clients.bound({ name: 'nobody', prune: true, by }), { code: 'object_not_found' });
  await home.authority.audit.verify();
});

test('a client in quarantine gets no further certificate, until it is released', async () => {
  await using home = await SampleHome.open();
  const { issued, keys } = await home.node('alpha');
  const { clients, network } = home.authority;
  const identity = { network, role: 'client', name: 'alpha' } as const;
  const request = Buffer.from(createNodeRequest(identity, keys.privateKey).request, 'base64');
  const renewed = () => home.authority.renew({ identity, serial: issued.certificate.serial, request });
  await clients.bound({ name: 'alpha', quarantined: true, reason: 'theft', by });
  const { quarantinedAt } = await clients.boundsOf('alpha');
  assert.equal(quarantinedAt?.getTime(), home.clock.now());
  await assert.rejects(renewed(), { code: 'node_quarantined' });
  assert.ok((await home.authority.log.list()).some(({ kind }) => kind === 'refused'));
  home.clock.advance(1000);
  await clients.bound({ name: 'alpha', quarantined: true, prune: true, by });
  assert.equal((await clients.boundsOf('alpha')).quarantinedAt?.getTime(), quarantinedAt?.getTime());
  await clients.bound({ name: 'alpha', quarantined: false, by });
  await renewed();
});
