import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Intruder } from '../../../../test/rig/postgres-database.ts';
import { dayMs } from '../../../base/index.ts';
import { createCertificateRequest, createName, generateKeyPair } from '../../../pki/index.ts';
import {
  SampleHome,
  sampleGrant,
  sampleReplication,
  sampleSchedule,
  sampleSentSet,
} from '../../authority.fixture.ts';

const by = 'admin/local';
const order = { reason: 'superseded', by } as const;

/** Something that somebody does to a table, how it is taken back, and what is said of it. */
type Tampering = readonly [does: string, undoes: string, said: RegExp];

const update = (table: string, from: string, to: string, where: string, said: RegExp): Tampering => [
  `UPDATE ${table} SET ${to} WHERE ${where}`,
  `UPDATE ${table} SET ${from} WHERE ${where}`,
  said,
];

const tamperings: readonly Tampering[] = [
  [
    'UPDATE certificates SET revoked_at = NULL WHERE id = 2',
    "UPDATE certificates SET revoked_at = 1795248000000, revocation_reason = 'superseded' WHERE id = 2",
    /certificate [0-9a-f]+ \(record \d+\) was revoked, and is not revoked on record/,
  ],
  update(
    'certificates',
    "revocation_reason = 'superseded'",
    "revocation_reason = 'unspecified'",
    'id = 2',
    /revoked for another reason/,
  ),
  update(
    'bearer_tokens',
    'revoked_at = NULL',
    'revoked_at = 1',
    'id = 1',
    /bearer token 1 \(record \d+\) was not revoked, and is on record/,
  ),
  update(
    'bearer_tokens',
    "name = 'zeta'",
    "name = 'alpha'",
    'id = 1',
    /bearer token 1 \(record \d+\) is another one on record than was made/,
  ),
  update(
    'certificates',
    'revoked_at = NULL',
    'revoked_at = 1795248000000',
    'id = 1',
    /is revoked on record, and the log/,
  ),
  update(
    'certificates',
    'not_after = not_after - 1000',
    'not_after = not_after + 1000',
    'id = 1',
    /with another end/,
  ),
  update(
    'certificates',
    'identity = 1',
    'identity = 2',
    'id = 1',
    /of client\/alpha .* is on record as one of client\/beta/,
  ),
  [
    'CREATE TEMP TABLE kept AS SELECT * FROM certificates WHERE id = 4; DELETE FROM certificates WHERE id = 4',
    'INSERT INTO certificates SELECT * FROM kept; DROP TABLE kept',
    /was issued and is not on record/,
  ],
  [
    `INSERT INTO certificates SELECT 99, '7f', identity, issuer, x'00', not_after, issued_at, NULL, NULL, certificate
      FROM certificates WHERE id = 1`,
    'DELETE FROM certificates WHERE id = 99',
    /certificate 7f is on record, and the log does not say that it was issued/,
  ],
  update(
    'identities',
    'revoked_at = 1',
    'revoked_at = NULL',
    "name = 'gamma'",
    /client\/gamma .* was ended, and goes on/,
  ),
  update(
    'identities',
    'revoked_at = NULL',
    'revoked_at = 1',
    "name = 'alpha'",
    /client\/alpha is ended on record/,
  ),
  [
    "INSERT INTO identities (id, role, name, created_at) VALUES (99, 'admin', 'eve', 0)",
    'DELETE FROM identities WHERE id = 99',
    /admin\/eve is on record, and nothing was issued to it/,
  ],
  update('join_codes', 'uses = 1', 'uses = 0', 'id = 1', /join code 1 .* counts 0 uses on record, and has 1/),
  [
    'CREATE TEMP TABLE used AS SELECT * FROM join_code_uses WHERE join_code = 1; DELETE FROM join_code_uses WHERE join_code = 1; UPDATE join_codes SET uses = 0 WHERE id = 1',
    'INSERT INTO join_code_uses SELECT * FROM used; DROP TABLE used; UPDATE join_codes SET uses = 1 WHERE id = 1',
    /came by join code 1, which does not know of it/,
  ],
  update(
    'join_codes',
    'revoked_at = 1',
    'revoked_at = NULL',
    'id = 4',
    /join code 4 .* was revoked, and is not/,
  ),
  update('join_codes', "role = 'client'", "role = 'admin'", 'id = 4', /join code 4 .* is another one/),
  update(
    'join_codes',
    'expires_at = expires_at - 9',
    'expires_at = expires_at + 9',
    'id = 4',
    /is another one/,
  ),
  update(
    'policy',
    'value = replace(value, \'"queue":"off"\', \'"queue":"on"\')',
    'value = replace(value, \'"queue":"on"\', \'"queue":"off"\')',
    'id = 1',
    /the policy has queue off/,
  ),
  update(
    'escrows',
    "sealed = x'0102'",
    "sealed = x'0103'",
    'id = 1',
    /a sealed password of client\/alpha is on record/,
  ),
  update(
    'issuers',
    'revoked_at = NULL',
    'revoked_at = 1',
    "label = 'issuing-1'",
    /issuing-1 was not revoked, and is on record/,
  ),
  update('issuers', 'key_file = NULL', "key_file = '/x'", "label = 'root-1'", /key of root-1/),
  update(
    'requests',
    "state = 'denied'",
    "state = 'approved'",
    'id = 1',
    /request 1 is approved on record, and denied in the log/,
  ),
  update(
    'authority',
    'recovery_recipient = substr(recovery_recipient, 2)',
    "recovery_recipient = 'x' || recovery_recipient",
    'id = 1',
    /the recovery key is x/,
  ),
  [
    "INSERT INTO server_roots SELECT 'vault.example', 'f', certificate FROM issuers WHERE label = 'root-1'",
    'DELETE FROM server_roots',
    /a root for vault\.example is on record/,
  ],
  [
    "INSERT INTO backups (id, place, name, made_at, bytes, sequence, holds_root) VALUES (9, '/x', 'x.age', 0, 0, 0, 0)",
    'DELETE FROM backups WHERE id = 9',
    /the backup x\.age is on record/,
  ],
  update(
    'client_bounds',
    'may_prune = 0',
    'may_prune = 1',
    "name = 'alpha'",
    /client\/alpha may something else on record than record \d+ says/,
  ),
  [
    'CREATE TEMP TABLE bounds AS SELECT * FROM client_bounds; DELETE FROM client_bounds',
    'INSERT INTO client_bounds SELECT * FROM bounds; DROP TABLE bounds',
    /what client\/alpha may \(record \d+\) is not on record/,
  ],
  [
    "INSERT INTO client_bounds (name, may_prune) VALUES ('beta', 1)",
    "DELETE FROM client_bounds WHERE name = 'beta'",
    /what client\/beta may is on record, and the log does not say that it was decided/,
  ],
  update(
    'jobs',
    "name = 'alpha'",
    "name = 'beta'",
    'id = 1',
    /job 1 is another one on record than record \d+ says/,
  ),
  update(
    'jobs',
    'outcome = NULL',
    'outcome = \'{"result":"done"}\'',
    'id = 1',
    /job 1 came to something else on record than the log says/,
  ),
  [
    'CREATE TEMP TABLE kept AS SELECT * FROM jobs; DELETE FROM jobs',
    'INSERT INTO jobs SELECT * FROM kept; DROP TABLE kept',
    /job 1 \(record \d+\) is not on record/,
  ],
  [
    "INSERT INTO jobs (id, name, job_order, created_by, created_at, expires_at) VALUES (7, 'beta', '{}', 'x', 0, 0)",
    'DELETE FROM jobs WHERE id = 7',
    /job 7 is on record, and the log does not say that it was started/,
  ],
  update(
    'sent_sets',
    `sent_by = '${by}'`,
    "sent_by = 'x'",
    "name = 'system'",
    /the set system is another one on record than record \d+ says/,
  ),
  [
    'CREATE TEMP TABLE sets AS SELECT * FROM sent_sets; DELETE FROM sent_sets',
    'INSERT INTO sent_sets SELECT * FROM sets; DROP TABLE sets',
    /the set system \(record \d+\) is not on record/,
  ],
  [
    "INSERT INTO sent_sets (name, id, choices, sent_by, sent_at) VALUES ('more', 'x', '{}', 'x', 0)",
    "DELETE FROM sent_sets WHERE name = 'more'",
    /the set more is sent on record, and the log does not say so/,
  ],
  update(
    'schedules',
    "every = '2h'",
    "every = '1h'",
    "name = 'hourly'",
    /the schedule hourly is another one on record than record \d+ says/,
  ),
  update(
    'schedules',
    'last_at = NULL',
    'last_at = 5',
    "name = 'hourly'",
    /the schedule hourly ran at another moment on record than the log says/,
  ),
  [
    'CREATE TEMP TABLE times AS SELECT * FROM schedules; DELETE FROM schedules',
    'INSERT INTO schedules SELECT * FROM times; DROP TABLE times',
    /the schedule hourly \(record \d+\) is not on record/,
  ],
  [
    "INSERT INTO schedules (name, job_order, every, zone, lifetime, added_by, added_at) VALUES ('more', '{}', '1h', 'UTC', 1, 'x', 0)",
    "DELETE FROM schedules WHERE name = 'more'",
    /the schedule more is on record, and the log does not say that it was added/,
  ],
  update(
    'replications',
    'keep = 1',
    'keep = 2',
    "from_name = 'vault'",
    /the replication of vault is another one on record than record \d+ says/,
  ),
  [
    'CREATE TEMP TABLE rules AS SELECT * FROM replications; DELETE FROM replications',
    'INSERT INTO replications SELECT * FROM rules; DROP TABLE rules',
    /the replication of vault \(record \d+\) is not on record/,
  ],
  [
    "INSERT INTO replications (from_name, to_names, keep, remove_after, zone, added_by, added_at) VALUES ('more', '[]', 1, 1, 'UTC', 'x', 0)",
    "DELETE FROM replications WHERE from_name = 'more'",
    /the replication of more is on record, and the log does not say that it was added/,
  ],
  update(
    'grants',
    "to_name = 'zed'",
    "to_name = 'beta'",
    'id = 1',
    /grant 1 is another one on record than record \d+ says/,
  ),
  update(
    'grants',
    'revoked_at = NULL',
    'revoked_at = 5',
    'id = 1',
    /grant 1 stands otherwise on record than the log says/,
  ),
  [
    'CREATE TEMP TABLE given AS SELECT * FROM grants; DELETE FROM grants',
    'INSERT INTO grants SELECT * FROM given; DROP TABLE given',
    /grant 1 \(record \d+\) is not on record/,
  ],
  [
    "INSERT INTO grants (id, from_name, to_name, snapshots, created_by, created_at, expires_at) VALUES (7, 'a', 'b', '[]', 'x', 0, 0)",
    'DELETE FROM grants WHERE id = 7',
    /grant 7 is on record, and the log does not say that it was created/,
  ],
];

describe('what is on record, held against the log', () => {
  let home: SampleHome;
  let intruder: Intruder;
  before(async () => {
    home = await SampleHome.open();
    const { authority } = home;
    const alpha = await home.node('alpha');
    const { issued } = await home.node('beta');
    await home.node('gamma');
    await home.local('server', 'vault', ['vault.example']);
    const { serial } = issued.certificate;
    await authority.revocation.revoke({ kind: 'certificate', serial }, order);
    const gamma = { role: 'client', name: 'gamma' } as const;
    await authority.revocation.revoke({ kind: 'identity', identity: gamma }, order);
    await home.code('delta');
    await authority.joinCodes.revoke(4, by);
    const expiresAt = new Date(home.clock.now() + dayMs);
    await authority.bearerTokens.create({ role: 'client', name: 'zeta', expiresAt, reissue: false, by });
    await authority.policy.set('queue', 'on', by);
    await authority.clients.bound({ name: 'alpha', quarantined: true, by });
    const job = { order: { kind: 'backup', set: 'a' }, expiresAt, by } as const;
    await authority.jobs.start({ node: 'alpha', ...job });
    await authority.sentSets.send({ ...sampleSentSet, by });
    await home.node('zed');
    await authority.grants.create({ ...sampleGrant, to: 'zed', expiresAt, by });
    await authority.schedules.add({ ...sampleSchedule, name: 'hourly', every: '2h', by });
    await home.local('storage', 'safe', ['safe.example']);
    await authority.replications.add({ ...sampleReplication, by });
    const { identity } = alpha.issued.certificate;
    assert.ok(identity);
    await authority.escrow.put(identity, 'r', Uint8Array.of(1, 2));
    const { privateKey } = await generateKeyPair('p256');
    const template = { subject: createName({ CN: 'desk' }), subjectAltNames: [] };
    const input = Buffer.from(createCertificateRequest(template, privateKey));
    const { id } = await authority.requests.submit({ input, from: '192.0.2.1' });
    await authority.requests.deny(id, { by, reason: 'no' });
    intruder = await home.intrude();
  });
  after(async () => {
    await intruder[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  it('is what the log says after all that an authority does', async () => {
    await home.authority.audit.verify();
  });

  for (const [does, undoes, said] of tamperings)
    it(`is found to be something else after ${does.slice(0, 70)}`, async () => {
      await intruder.run(does);
      await assert.rejects(home.authority.audit.verify(), { code: 'authority_damaged', message: said });
      await intruder.run(undoes);
      await home.authority.audit.verify();
    });
});
