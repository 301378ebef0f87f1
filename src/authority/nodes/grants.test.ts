import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayMs } from '../../base/index.ts';
import { SampleHome, sampleGrant } from '../authority.fixture.ts';

const by = 'admin/ann';

/** A home with three clients, and the number of the certificate of one. */
async function open(): Promise<{ readonly home: SampleHome; readonly serial: string }> {
  const home = await SampleHome.open();
  await home.node('alpha');
  const { issued } = await home.node('beta');
  await home.node('gamma');
  return { home, serial: issued.certificate.serial };
}

test('a grant is read by whom it names, of what it names, once it is sealed and until its time is over', async () => {
  const { home, serial } = await open();
  await using _home = home;
  const { grants, audit } = home.authority;
  const expiresAt = new Date(home.clock.now() + dayMs);
  const { id, createdAt, repository } = await grants.create({ ...sampleGrant, path: '/etc', expiresAt, by });
  assert.match(repository ?? '', /^grant-1-[a-z2-9]{10}$/);
  const created = createdAt.toISOString();
  const reading = { reader: 'beta', owner: 'alpha', repository };
  await assert.rejects(grants.reading(reading), { code: 'grant_waiting' });
  const seal = { id, created, certificate: serial, sealed: 'AAAA' };
  const missing = { code: 'object_not_found' };
  await assert.rejects(grants.seal(seal, 'client/beta'), missing);
  await assert.rejects(grants.seal(seal, by), missing);
  await assert.rejects(grants.seal({ ...seal, created: new Date(0).toISOString() }, 'client/alpha'), missing);
  const { certificate } = await home.local('server', 'vault', ['vault.example']);
  for (const other of [certificate.serial, 'ff', '01'.repeat(16)])
    await assert.rejects(grants.seal({ ...seal, certificate: other }, 'client/alpha'), {
      code: 'input_invalid',
    });
  await grants.seal(seal, 'client/alpha');
  await grants.seal({ ...seal, sealed: 'BBBB' }, 'client/alpha');
  assert.equal((await grants.toldTo('beta')).received[0]?.sealed, 'AAAA');
  assert.equal((await grants.reading(reading)).id, id);
  const forbidden = { code: 'namespace_forbidden' };
  await assert.rejects(grants.reading({ ...reading, repository: undefined }), forbidden);
  await assert.rejects(grants.reading({ ...reading, repository: 'photos' }), forbidden);
  await assert.rejects(grants.reading({ ...reading, reader: 'gamma' }), forbidden);
  await assert.rejects(grants.reading({ ...reading, reader: 'alpha', owner: 'beta' }), forbidden);
  await home.authority.clients.bound({ name: 'beta', quarantined: true, by });
  await assert.rejects(grants.reading(reading), { code: 'node_quarantined' });
  await home.authority.clients.bound({ name: 'beta', quarantined: false, by });
  home.clock.advance(dayMs - 1);
  await grants.reading(reading);
  home.clock.advance(1);
  await assert.rejects(grants.reading(reading), { code: 'grant_over' });
  assert.equal((await grants.find(id)).state, 'expired');
  assert.deepEqual(
    (await grants.leftOver()).map((grant) => grant.repository),
    [repository],
  );
  await grants.clear(id);
  assert.deepEqual([await grants.leftOver(), (await grants.toldTo('beta')).received], [[], []]);
  await audit.verify();
});

test('of a machine that is lost a grant is made for the kit, and sealed by who made it', async () => {
  const { home, serial } = await open();
  await using _home = home;
  const { grants, revocation } = home.authority;
  const lost = { role: 'client', name: 'alpha' } as const;
  await revocation.revoke({ kind: 'identity', identity: lost }, { by, reason: 'unspecified' });
  const expiresAt = new Date(home.clock.now() + dayMs);
  await assert.rejects(grants.create({ ...sampleGrant, expiresAt, by }), { code: 'object_not_found' });
  const { id, createdAt, job } = await grants.create({ ...sampleGrant, withKit: true, expiresAt, by });
  assert.equal(job, undefined);
  const seal = { id, created: createdAt.toISOString(), certificate: serial, sealed: 'AAAA' };
  await assert.rejects(grants.seal(seal, 'client/alpha'), { code: 'object_not_found' });
  await assert.rejects(grants.seal(seal, 'admin/bob'), { code: 'object_not_found' });
  await grants.seal(seal, by);
  const reading = { reader: 'beta', owner: 'alpha', repository: undefined };
  assert.equal((await grants.reading(reading)).id, id);
  await grants.revoke(id, by);
  await assert.rejects(grants.reading(reading), { code: 'grant_over' });
  await assert.rejects(grants.revoke(id, by), { code: 'grant_over' });
  const itself = { ...sampleGrant, to: 'alpha', expiresAt, by };
  await assert.rejects(grants.create(itself), { code: 'input_invalid' });
});
