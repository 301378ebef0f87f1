import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { Network } from './rig/network.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

const many = 2500;

describe('a list that is longer than a server gives at once', () => {
  let place: TemporaryDirectory;
  let network: Network;

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(place.path);
    await network.joinCode('laptop');
    using database = new DatabaseSync(join(network.home, 'authority/authority.db'), { timeout: 60_000 });
    issueMany(database);
    makeManyCodes(database);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('of certificates comes whole, each once', async () => {
    const { stdout } = await network.run(['cert', 'list', '--limit', String(many), '--json']);
    const listed = JSON.parse(stdout) as { serial: string }[];
    assert.equal(new Set(listed.map(({ serial }) => serial)).size, many);
    assert.equal(listed.length, many);
  });

  it('of join codes comes whole, each once', async () => {
    const { stdout } = await network.run(['token', 'list', '--json']);
    const ids = (JSON.parse(stdout) as { id: number }[]).map(({ id }) => id);
    assert.deepEqual(
      ids,
      Array.from({ length: many + 1 }, (_, at) => many + 1 - at),
    );
  });

  for (const operation of ['cert.list', 'token.list', 'request.list'])
    it(`is not given at once by ${operation}, whoever asks`, async () => {
      const answer = await ask(network, operation, { limit: 50_000 });
      assert.match(answer, /"code":"input_invalid".*limit must be <= 1000/);
    });
});

/** As if so many certificates had been issued: copies of one, each with another number. */
function issueMany(database: DatabaseSync): void {
  const sample = database.prepare('SELECT serial, certificate FROM certificates LIMIT 1').get();
  const serial = Buffer.from(String(sample?.['serial']), 'hex');
  const at = Buffer.from(sample?.['certificate'] as Uint8Array).indexOf(serial);
  const insert = database.prepare(`
    INSERT INTO certificates (serial, identity, issuer, public_key, not_after, issued_at, certificate)
      SELECT ?, identity, issuer, public_key, not_after, issued_at, ? FROM certificates LIMIT 1`);
  database.exec('BEGIN IMMEDIATE');
  for (let number = 1; number <= many; number++) {
    const certificate = Buffer.from(sample?.['certificate'] as Uint8Array);
    certificate.writeUInt32BE(number, at + serial.length - 4);
    insert.run(certificate.toString('hex', at, at + serial.length), certificate);
  }
  database.exec('COMMIT');
}

function makeManyCodes(database: DatabaseSync): void {
  database.exec(`
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${many})
    INSERT INTO join_codes (secret_hash, role, name, names, reissue, max_uses, created_at, expires_at)
      SELECT randomblob(32), role, name, names, reissue, max_uses, created_at, expires_at
        FROM n, (SELECT * FROM join_codes LIMIT 1)`);
}

/** What the admin API says to another program than ours. */
async function ask({ home }: Network, operation: string, input: unknown): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const path = `/-/admin/${operation}`;
  const outgoing = request({ socketPath: join(home, 'admin.sock'), path, method: 'POST', headers });
  outgoing.end(JSON.stringify(input));
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return await text(response);
}
