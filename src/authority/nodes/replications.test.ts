import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SampleHome, sampleReplication } from '../authority.fixture.ts';

test('a rule of copies names nodes that keep repositories, each once, and none by a name that two have', async () => {
  await using home = await SampleHome.open();
  await home.local('server', 'vault', ['vault.example']);
  const { replications } = home.authority;
  const rule = { ...sampleReplication, by: 'admin/ann' };
  await assert.rejects(replications.add(rule), { code: 'object_not_found' });
  await home.local('storage', 'safe', ['safe.example']);
  await assert.rejects(replications.add({ ...rule, to: ['vault'] }), { code: 'input_invalid' });
  await assert.rejects(replications.add({ ...rule, keep: 2 }), { code: 'input_invalid' });
  await home.local('storage', 'vault', ['other.example']);
  await assert.rejects(replications.add(rule), { code: 'input_invalid', message: /vault is a server and/ });
  const order = { by: rule.by, reason: 'unspecified' } as const;
  const other = { role: 'storage', name: 'vault' } as const;
  await home.authority.revocation.revoke({ kind: 'identity', identity: other }, order);
  assert.deepEqual((await replications.add(rule)).to, ['safe']);
  await assert.rejects(replications.add(rule), { code: 'replication_exists' });
});
