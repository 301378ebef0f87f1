import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { ErrorCode } from '../../src/base/index.ts';
import { freePorts } from '../rig/free-ports.ts';
import { runHoldfast as holdfast } from '../rig/holdfast-process.ts';
import { Network, type NetworkClient } from '../rig/network.ts';
import { PostgresServer } from '../rig/postgres.ts';
import { assertRefused } from '../rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../rig/temporary-directory.ts';

describe('an authority whose records are in PostgreSQL', () => {
  let place: TemporaryDirectory;
  let postgres: PostgresServer;
  let network: Network;
  let client: NetworkClient;
  const at = (...names: string[]): string => join(place.path, ...names);
  /** Without its password, which is in a file. */
  const url = (database: string): string =>
    `${postgres.url(database, 'postgres')}?passfile=${encodeURIComponent(at('pgpass'))}`;

  before(async () => {
    place = temporaryDirectory();
    postgres = await PostgresServer.start();
    writeFileSync(at('pgpass'), `*:*:*:postgres:${postgres.password}\n`, { mode: 0o600 });
    for (const name of ['moved', 'cut', 'begun', 'restored', 'pieces'])
      await postgres.query(`CREATE DATABASE ${name}`);
    network = await Network.start(at('server'));
    client = await network.join('laptop', at('laptop'));
    writeFileSync(at('letter'), 'Dear Ann,\n');
    await client.run(['backup', at('letter')]);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await postgres[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('is moved there from the file of its home, counted and checked, and goes on', async () => {
    const migrate = ['db', 'migrate', '--to', url('moved'), '--home', network.home];
    await assertRefused(migrate, { code: 'home_in_use', exit: 1, untouched: network.home });
    await network.server.stop();
    const withPassword = ['db', 'migrate', '--to', postgres.url('moved'), '--home', network.home];
    await assertRefused(withPassword, {
      code: 'usage',
      exit: 2,
      message: /does not belong in a command line/,
      untouched: network.home,
    });
    const { stdout } = await holdfast(migrate);
    assert.match(stdout, /records {5}\d+ certificates? {3}\d+ records of the log, in one chain/);
    assert.match(
      readFileSync(join(network.home, 'holdfast.toml'), 'utf8'),
      /^\[database\]\nurl = "postgres:/m,
    );
    assert.ok(!existsSync(join(network.home, 'authority/authority.db')));
    await network.restart();
    await client.run(['backup', at('letter')]);
    const desktop = await network.join('desktop', at('desktop'));
    assert.match(
      (await network.run(['audit', 'verify'])).stdout,
      /one chain, and all on record is as it says/,
    );
    await network.run(['cert', 'revoke', 'client/desktop', '--reason', 'keyCompromise', '--yes']);
    await assertRefused(['backup', at('letter'), '--home', desktop.home], {
      code: 'certificate_revoked',
      exit: 21,
      untouched: at('letter'),
    });
  });

  it('is not gone on with from its file when the settings do not name the database any more', async () => {
    const home = ['--home', at('cut')];
    const file = at('cut/authority/authority.db');
    const refusal = { code: 'settings_invalid', exit: 2, untouched: at('cut/authority') } as const;
    await holdfast(['init', '--network', 'cut.test', '--names', 'localhost', ...home]);
    // As a kill leaves it that comes before the settings are written.
    renameSync(file, `${file}.moving`);
    await assertRefused(['token', 'list', ...home], { ...refusal, hint: /holdfast db migrate --to URL/ });
    await holdfast(['db', 'migrate', '--to', url('cut'), ...home]);
    assert.ok(existsSync(`${file}.moved`) && !existsSync(`${file}.moving`));
    renameSync(`${file}.moved`, `${file}.moving`);
    await holdfast(['token', 'create', 'first', ...home]);
    assert.ok(existsSync(`${file}.moved`) && !existsSync(`${file}.moving`));
    const settings = readFileSync(at('cut/holdfast.toml'), 'utf8');
    writeFileSync(at('cut/holdfast.toml'), settings.replace(/\[database\]\nurl = .*\n/, ''));
    await assertRefused(['token', 'list', ...home], { ...refusal, hint: /put back what holdfast\.toml had/ });
  });

  it('is moved by the same words again, however its move was cut short', async () => {
    const home = ['--home', at('pieces')];
    await holdfast(['init', '--network', 'pieces.test', '--names', 'localhost', ...home]);
    const before = readFileSync(at('pieces/holdfast.toml'), 'utf8');
    const file = at('pieces/authority/authority.db');
    const migrate = ['db', 'migrate', '--to', url('pieces'), ...home];
    await holdfast(migrate);
    // As a kill leaves it that comes when all is copied, and before the settings say so.
    writeFileSync(at('pieces/holdfast.toml'), before);
    renameSync(`${file}.moved`, `${file}.moving`);
    await holdfast(migrate);
    // And one that comes among the tables: what says whose records they are is copied last.
    writeFileSync(at('pieces/holdfast.toml'), before);
    renameSync(`${file}.moved`, file);
    await postgres.query('DELETE FROM authority', 'pieces');
    await holdfast(migrate);
    await holdfast(['audit', 'verify', ...home]);
  });

  it('waits for a database that is away for a while, and nothing is lost', async () => {
    await postgres.stop();
    const saving = client.run(['backup', at('letter')]);
    await setTimeout(1500);
    await postgres.startAgain();
    await saving;
    await network.join('tablet', at('tablet'));
    await network.run(['audit', 'verify']);
  });

  it('is refused by name where there is no server, no such database, or another authority', async () => {
    const init = (database: string) => ['init', '--database', database, '--network', 'other.test'];
    const home = ['--home', at('other')];
    const refuse = async (database: string, code: ErrorCode, exit: number): Promise<void> => {
      await assertRefused([...init(database), ...home], { code, exit, untouched: at('letter') });
      assert.ok(!existsSync(at('other/authority')));
    };
    await refuse(url('moved'), 'database_in_use', 1);
    await refuse(url('missing'), 'database_refused', 1);
  });

  it('begins there, and has all that it knew after a restore from its backup into another database', async () => {
    const home = ['--home', at('begun')];
    const port = String(await freePorts());
    const names = ['--names', '127.0.0.1,localhost', '--port', port];
    await holdfast(['init', '--database', url('begun'), '--network', 'begun.test', ...names, ...home]);
    assert.ok(!existsSync(at('begun/authority/authority.db')));
    // As a kill leaves it that comes when the records are in the database, and before the keys are in their place.
    renameSync(at('begun/authority'), at('begun/authority.new-0123abcd'));
    const begin = ['init', '--database', url('begun'), ...names, ...home];
    const another = [...begin, '--network', 'another.test'];
    await assertRefused(another, {
      code: 'database_refused',
      exit: 1,
      untouched: at('begun/authority.new-0123abcd'),
    });
    await holdfast([...begin, '--network', 'begun.test']);
    await holdfast(['token', 'create', 'first', ...home]);
    await holdfast(['ca', 'backup', at('begun.age'), ...home]);
    const kit = ['--kit', at('begun/recovery-kit.txt'), '--log-is-lost', 'a test'];
    const restore = (to: string, ...words: string[]) =>
      holdfast(['ca', 'restore', at('begun.age'), ...kit, ...names, ...words, '--home', at(to)]);
    await restore('in-database', '--database', url('restored'));
    await restore('in-file');
    const listed = async (of: string): Promise<unknown> =>
      (
        JSON.parse((await holdfast(['token', 'list', '--json', '--home', at(of)])).stdout) as {
          name: string;
        }[]
      ).map(({ name }) => name);
    for (const which of ['begun', 'in-database', 'in-file']) assert.deepEqual(await listed(which), ['first']);
    // As a kill leaves it that comes when the records are in the database, and before the keys are in their place.
    renameSync(at('in-database/authority'), at('in-database/authority.new-0123abcd'));
    for (const file of ['authority.db', 'authority.db.moving']) {
      renameSync(at('in-database/authority.new-0123abcd/authority.db.moved'), at('x.db'));
      renameSync(at('x.db'), at('in-database/authority.new-0123abcd', file));
      const { stdout } = await restore('in-database', '--database', url('restored'));
      assert.match(stdout, /at work/);
      renameSync(at('in-database/authority'), at('in-database/authority.new-0123abcd'));
    }
    renameSync(at('in-database/authority.new-0123abcd'), at('in-database/authority'));
    assert.deepEqual(await listed('in-database'), ['first']);
    await holdfast(['audit', 'verify', '--home', at('in-database')]);
    assert.ok(existsSync(at('in-file/authority/authority.db')));
    assert.ok(!existsSync(at('in-database/authority/authority.db')));
  });
});
