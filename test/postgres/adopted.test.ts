import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { OpensslCa } from '../rig/existing-authority.ts';
import { runHoldfast as holdfast, launcher } from '../rig/holdfast-process.ts';
import { Network } from '../rig/network.ts';
import { PostgresServer } from '../rig/postgres.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../rig/temporary-directory.ts';

describe('authorities below an outside root whose records are in PostgreSQL', () => {
  let place: TemporaryDirectory;
  let postgres: PostgresServer;
  let corporate: OpensslCa;
  const at = (...names: string[]): string => join(place.path, ...names);
  /** Without its password, which is in a file. */
  const url = (database: string): string =>
    `${postgres.url(database, 'postgres')}?passfile=${encodeURIComponent(at('pgpass'))}`;
  const imported = async (home: string): Promise<unknown> => {
    const words = ['cert', 'list', '--imported', '--json', '--home', home];
    const all = JSON.parse((await holdfast(words)).stdout) as { serial: string; state: string }[];
    return all.map(({ serial, state }) => [serial, state]);
  };

  before(async () => {
    place = temporaryDirectory();
    postgres = await PostgresServer.start();
    writeFileSync(at('pgpass'), `*:*:*:postgres:${postgres.password}\n`, { mode: 0o600 });
    for (const name of ['moved', 'begun', 'restored']) await postgres.query(`CREATE DATABASE ${name}`);
    corporate = await OpensslCa.make(at('corporate'), 'Corporate Root');
  });
  after(async () => {
    await postgres[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('are moved there with what they had issued, and come back from a backup', async () => {
    const old = await OpensslCa.make(at('office'), 'Office CA', { by: corporate });
    await old.issue(['one', 'two', 'three']);
    const adopting = ['ca', 'adopt', old.directory, '--chain', at('corporate/cacert.pem')];
    await using office = await Network.start(at('server'), launcher, adopting);
    const ann = await office.join('ann', at('ann'));
    await office.run(['cert', 'revoke', '--serial', '1000', '--yes']);
    await office.server.stop();
    await holdfast(['db', 'migrate', '--to', url('moved'), '--home', office.home]);
    await office.restart();
    await office.run(['cert', 'revoke', '--serial', '1001', '--yes']);
    await ann.run(['cert', 'renew', '--early']);
    await office.run(['ca', 'request', '--out', at('next.csr')]);
    writeFileSync(at('next.pem'), await corporate.sign(at('next.csr'), { extensions: 'authority' }));
    await office.run(['ca', 'complete', at('next.pem'), '--root', at('corporate/cacert.pem')]);
    await office.run(['audit', 'verify']);
    const expected = await imported(office.home);
    assert.deepEqual(expected, [
      ['1000', 'revoked'],
      ['1001', 'revoked'],
      ['1002', 'valid'],
    ]);
    await office.run(['ca', 'backup', at('office.age')]);
    const kit = ['--kit', join(office.home, 'recovery-kit.txt'), '--names', 'localhost'];
    const words = ['ca', 'restore', at('office.age'), ...kit, '--log-is-lost', 'a test'];
    await holdfast([...words, '--database', url('restored'), '--home', at('again')]);
    assert.deepEqual(await imported(at('again')), expected);
    await holdfast(['audit', 'verify', '--home', at('again')]);
  });

  it('are begun there, where they wait for their certificate', async () => {
    const home = ['--home', at('begun')];
    const names = ['--network', 'begun.test', '--names', 'localhost', '--database', url('begun')];
    await holdfast(['ca', 'create', '--subordinate', '--out', at('begun.csr'), ...names, ...home]);
    writeFileSync(at('begun.pem'), await corporate.sign(at('begun.csr'), { extensions: 'authority' }));
    await holdfast(['ca', 'complete', at('begun.pem'), '--root', at('corporate/cacert.pem'), ...home]);
    await holdfast(['token', 'create', 'first', ...home]);
    await holdfast(['audit', 'verify', ...home]);
    await holdfast(['ca', 'export', at('begun-ca.pem'), ...home]);
    const exported = readFileSync(at('begun-ca.pem'), 'utf8');
    assert.ok(exported.startsWith(readFileSync(at('begun.pem'), 'utf8').trim()));
  });
});
