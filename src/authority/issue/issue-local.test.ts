import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exportPublicKey, generateKeyPair } from '../../pki/index.ts';
import { notInFile, refused, SampleHome } from '../authority.fixture.ts';
import { authorityMigrations } from '../records/schema.ts';
import type { Issued } from './issue.ts';

const by = 'admin/local';

/** A certificate by an order, its key made for it. */
async function ordered(
  home: SampleHome,
  { role = 'client', name = 'alpha', withKey = true }: Partial<Order> = {},
): Promise<Issued> {
  const spki = exportPublicKey((await generateKeyPair('p256')).publicKey);
  return await home.authority.issueLocal({ role, name, spki, withKey, by });
}

interface Order {
  readonly role: 'client' | 'storage' | 'server' | 'admin';
  readonly name: string;
  readonly withKey: boolean;
}

describe('a certificate by an order', () => {
  for (const role of ['client', 'storage', 'server', 'admin'] as const) {
    it(`is refused for the name of a machine that joined as ${role}, whoever makes the key`, async () => {
      await using home = await SampleHome.open();
      await home.enrol(await home.code('alpha', { role }));
      for (const withKey of [true, false])
        await refused('name_taken', ordered(home, { role, withKey }), `${role}/alpha`);
      assert.equal((await home.authority.certificates.list()).length, 1);
    });
  }

  it('is refused for the name of the server beside the authority, which goes on itself', async () => {
    await using home = await SampleHome.open();
    await home.local('server', 'vault');
    const refusal = { code: 'name_taken', hint: /token create --reissue vault --role server$/ };
    await assert.rejects(ordered(home, { role: 'server', name: 'vault' }), refusal);
    await home.local('server', 'vault');
  });

  it('is renewed by the same order, until a machine gets its name by a reissue', async () => {
    await using home = await SampleHome.open();
    await ordered(home);
    await ordered(home);
    await refused('name_taken', ordered(home, { withKey: false }));
    await home.enrol(await home.code('alpha', { reissue: true }));
    await refused('name_taken', ordered(home));
  });

  it('is known for one in homes from before that was on record, by their log', {
    skip: notInFile,
  }, async () => {
    await using home = await SampleHome.open();
    await ordered(home, { name: 'copied' });
    await ordered(home, { name: 'taken-back' });
    await home.enrol(await home.code('taken-back', { reissue: true }));
    await home.node('joined');
    await home.tamper(async (database) => {
      await database.run('ALTER TABLE identities DROP COLUMN with_key');
      const step =
        authorityMigrations.find(({ sqlite }) => sqlite.includes('ADD COLUMN with_key'))?.version ?? 0;
      await database.run('DELETE FROM migrations WHERE owner = ? AND version = ?', 'authority', step);
    });
    await ordered(home, { name: 'copied' });
    for (const name of ['taken-back', 'joined']) await refused('name_taken', ordered(home, { name }));
  });
});
