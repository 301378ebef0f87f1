import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { runHoldfast } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { assertRefused, errorIn } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('a server whose store is not there', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let client: NetworkClient;
  const at = (...names: string[]): string => join(place.path, ...names);
  const store = (): string => join(network.home, 'store');
  const status = async (): Promise<{ directory: string; problem: string | null }> =>
    (JSON.parse((await network.run(['status', '--json'])).stdout) as { store: never }).store;
  const backup = (): string[] => ['backup', at('data'), '--home', client.home];

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(at('server'));
    client = await network.join('laptop', at('laptop'));
    mkdirSync(at('data'));
    writeFileSync(at('data/file'), 'content');
    await client.run(['backup', at('data')]);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  async function refusesAll(problem: RegExp): Promise<void> {
    const refusal = {
      code: 'store_missing',
      exit: 1,
      hint: /holdfast status/,
      untouched: at('server'),
    } as const;
    for (const words of [backup(), ['snapshots', '--home', client.home]]) await assertRefused(words, refusal);
    assert.match((await status()).problem ?? '', problem);
  }

  it('says so while it runs, makes nothing in its place, does everything else, and goes on when it is back', async () => {
    renameSync(store(), at('away'));
    await refusesAll(/store is not there: .*is not there.*mount its disk/);
    assert.equal(existsSync(store()), false);
    mkdirSync(store());
    await refusesAll(/holds no repository/);
    assert.deepEqual(readdirSync(store()), []);
    assert.match(await network.joinCode('other'), /^hf1-/);
    assert.match((await network.run(['status'])).stderr, /warning: the store is not there/);
    assert.match(network.server.stderr, /store_missing/);
    await network.server.stop();
    await network.restart();
    await refusesAll(/holds no repository/);
    rmSync(store(), { recursive: true });
    renameSync(at('away'), store());
    await client.run(['backup', at('data')]);
    assert.equal((await status()).problem, null);
  });

  it('takes neither another store for it, nor repositories without its marker', async () => {
    renameSync(store(), at('away'));
    cpSync(at('away'), store(), { recursive: true });
    const marker = '_holdfast-store.json';
    rmSync(join(store(), marker));
    await refusesAll(/holds repositories, but no _holdfast-store.json/);
    const other = { format: 1, store: 'a'.repeat(32), network: 'network.test' };
    writeFileSync(join(store(), marker), JSON.stringify(other));
    await refusesAll(/holds store aaaaaaaa, expected/);
    writeFileSync(join(store(), marker), JSON.stringify({ ...other, network: 'other.test' }));
    await refusesAll(/holds the store of other.test/);
    const foreign = await runHoldfast([
      'store',
      'accept',
      '--reason',
      'a test',
      '--json',
      '--home',
      network.home,
    ]);
    assert.equal(errorIn(foreign).code, 'store_missing');
    writeFileSync(join(store(), marker), '');
    assert.match((await status()).problem ?? '', /_holdfast-store.json is damaged/);
    rmSync(store(), { recursive: true });
    renameSync(at('away'), store());
  });

  it('goes on with another one when somebody answers for it, which is in the log', async () => {
    renameSync(store(), at('away'));
    await network.run(['store', 'accept', '--reason', 'its disk has died']);
    const { stdout } = await network.run(['audit', 'list', '--kind', 'store accepted', '--json']);
    assert.match(stdout, /its disk has died/);
    assert.equal((await status()).problem, null);
    assert.match((await network.run(['store', 'accept', '--reason', 'again'])).stdout, /nothing is wrong/);
    rmSync(store(), { recursive: true });
    renameSync(at('away'), store());
    await refusesAll(/holds store \w{8}, expected \w{8}/);
    await network.run(['store', 'accept', '--reason', 'its disk was found']);
    await client.run(['backup', at('data')]);
  });
});

describe('a home from before stores were marked', () => {
  it('marks the store that it has, and makes none where clients have stored before', async () => {
    using directory = temporaryDirectory();
    const place = directory.path;
    await using network = await Network.start(join(place, 'server'));
    const client = await network.join('laptop', join(place, 'laptop'));
    writeFileSync(join(place, 'file'), 'content');
    await client.run(['backup', join(place, 'file')]);
    await network.server.stop();
    const store = join(network.home, 'store');
    const marker = join(store, '_holdfast-store.json');
    rmSync(marker);
    forgetStore(join(network.home, 'authority', 'authority.db'));
    renameSync(store, join(place, 'away'));
    await network.restart();
    const words = ['backup', join(place, 'file'), '--home', client.home];
    await assertRefused(words, { code: 'store_missing', exit: 1, untouched: join(place, 'server') });
    renameSync(join(place, 'away'), store);
    await client.run(['backup', join(place, 'file')]);
    assert.ok(existsSync(marker));
  });
});

/** As the migration of a database from before finds it. */
function forgetStore(path: string): void {
  const database = new DatabaseSync(path);
  database.exec('ALTER TABLE authority DROP COLUMN store; DELETE FROM migrations WHERE version = 6;');
  database.close();
}
