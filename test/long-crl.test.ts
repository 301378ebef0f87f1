import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Network } from './rig/network.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

const revoked = 20_000;

test('a revocation list too long for one answer comes whole, however it is fetched', async () => {
  using directory = temporaryDirectory();
  await using network = await Network.start(directory.path);
  revokeMany(join(network.home, 'authority/authority.db'));
  const file = join(directory.path, 'list.crl');
  const { stdout } = await network.run(['ca', 'crl', '--out', file, '--json']);
  assert.equal((JSON.parse(stdout) as { revoked: number }).revoked, revoked);
  const words = ['crl', '-inform', 'DER', '-in', file, '-noout', '-text'];
  const text = execFileSync('openssl', words, { encoding: 'utf8', maxBuffer: 100 * 2 ** 20 });
  assert.equal(text.match(/Serial Number: /g)?.length, revoked);
});

/** As if so many certificates had been issued and revoked; they need not be there to be listed. */
function revokeMany(path: string): void {
  using database = new DatabaseSync(path, { timeout: 60_000 });
  database.exec(`
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${revoked})
    INSERT INTO certificates
        (serial, identity, issuer, public_key, not_after, issued_at, revoked_at, revocation_reason, certificate)
      SELECT printf('10%030x', i), identity, issuer, public_key, not_after, issued_at, issued_at, 'superseded', x''
        FROM n, (SELECT * FROM certificates LIMIT 1);
    UPDATE issuers SET revocations = ${revoked} WHERE kind = 'issuing'`);
}
