import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Network } from './rig/network.ts';
import { runHere } from './rig/run-here.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

let place: TemporaryDirectory;
const at = (...names: string[]): string => join(place.path, ...names);

before(() => {
  place = temporaryDirectory();
  mkdirSync(at('data'));
  writeFileSync(at('data/letter'), 'dear ann');
  for (const name of ['old', 'new', 'ann', 'wrong']) writeFileSync(at(name), `password ${name}\n`);
});
after(() => place[Symbol.dispose]());

describe('the keys of a repository in a folder', () => {
  const restic = (password: string, ...words: string[]): string =>
    execFileSync('restic', ['--no-cache', '-r', at('repo'), '--password-file', at(password), ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const run = (...words: string[]) => runHere([...words, '--repo', at('repo')], env());
  const env = (home = 'home') => ({ HOME: place.path, HOLDFAST_HOME: at(home) });
  const keys = (): string[] => readdirSync(at('repo/keys')).sort();
  const newKey = async (...words: string[]): Promise<string> => {
    const there = new Set(keys());
    assert.equal((await run(...words)).code, 0, words.join(' '));
    const [added, ...more] = keys().filter((key) => !there.has(key));
    assert.deepEqual(more, []);
    return added ?? '';
  };
  let first: string;

  before(async () => {
    restic('old', 'init');
    [first = ''] = keys();
    assert.equal((await run('snapshots', '--password-file', at('old'))).code, 0);
  });

  it('are listed as restic has them, and what is damaged is named and can go', async () => {
    assert.equal((await run('key', 'list')).code, 0);
    const broken = restic('old', 'key', 'add', '--new-password-file', at('ann')).match(
      /\b[0-9a-f]{8}\b/,
    )?.[0];
    const file = keys().find((key) => key !== first) ?? '';
    assert.ok(broken !== undefined || file !== '');
    truncateSync(at('repo/keys', file), 10);
    const { error } = await run('key', 'list');
    assert.match(`${error?.code} ${error?.message}`, new RegExp(`repository_damaged .*${file.slice(0, 8)}`));
    assert.equal((await run('key', 'remove', file)).code, 0);
    assert.deepEqual(keys(), [first]);
  });

  it('are added for restic, removed by their first digits, and the last and the one in use stay', async () => {
    const added = await newKey('key', 'add', '--new-password-file', at('ann'));
    assert.match(restic('ann', 'key', 'list'), new RegExp(`\\*${added.slice(0, 8)}`));
    for (const [id, code, why] of [
      [first, 'key_needed', /this machine opens the repository with/],
      [first.slice(0, 4), 'key_needed', /this machine opens/],
      ['nothing', 'key_missing', /begins with nothing/],
    ] as const) {
      const { error } = await run('key', 'remove', id);
      assert.equal(error?.code, code);
      assert.match(error?.message ?? '', why);
    }
    // In use is what was said last.
    const byAnn = await run('key', 'remove', added, '--password-file', at('ann'));
    assert.equal(byAnn.error?.code, 'key_needed');
    assert.equal((await run('key', 'remove', added.slice(0, 8), '--password-file', at('old'))).code, 0);
    assert.throws(() => restic('ann', 'snapshots'));
    const elsewhere = await runHere(
      ['key', 'remove', first, '--repo', at('repo'), '--password-file', at('old')],
      env('another-home'),
    );
    assert.equal(elsewhere.error?.code, 'key_needed');
    assert.deepEqual(keys(), [first]);
  });

  it('are changed for another password, which this machine then knows', async () => {
    const changed = await newKey('key', 'passwd', '--new-password-file', at('new'));
    assert.deepEqual(keys(), [changed]);
    assert.match(restic('new', 'key', 'list'), new RegExp(`\\*${changed.slice(0, 8)}`));
    assert.throws(() => restic('old', 'snapshots'));
    assert.equal((await run('backup', at('data'))).code, 0);
    assert.equal((await run('snapshots', '--password-file', at('old'))).error?.code, 'repository_wrong_key');
    assert.match(restic('new', 'check'), /no errors were found/);
    const without = await run('key', 'add');
    assert.deepEqual([without.error?.code, keys()], ['usage', [changed]]);
  });

  it('are not counted on beyond those that are tried', async () => {
    const there = keys();
    for (let more = 0; more < 20; more++)
      writeFileSync(at('repo/keys', `00${String(more).padStart(62, '0')}`), 'junk');
    const { error } = await run('key', 'add', '--new-password-file', at('wrong'));
    assert.notEqual(error, undefined);
    assert.equal((await run('key', 'remove', '00')).error?.code, 'key_ambiguous');
    for (const key of keys()) if (key.startsWith('00')) rmSync(at('repo/keys', key));
    assert.deepEqual(keys(), there);
  });
});

describe('the keys of a repository at a server', () => {
  it('are changed by who may remove there; that of the recovery kit stays', async () => {
    await using network = await Network.start(at('server'));
    const client = await network.join('laptop', at('laptop'));
    await client.run(['backup', at('data')]);
    const stored = (): string[] => readdirSync(join(network.home, 'store/laptop/keys')).sort();
    const there = stored();
    const run = (...words: string[]) =>
      runHere([...words, '--home', client.home], { HOME: place.path, HOLDFAST_HOME: client.home });
    const refused = await run('key', 'passwd', '--new-password-file', at('new'));
    assert.equal(refused.error?.code, 'append_only');
    assert.match(refused.error?.hint ?? '', /node set NAME prune on/);
    assert.deepEqual(stored(), there);
    await network.run(['node', 'set', 'laptop', 'prune', 'on']);
    const { stdout } = await client.run(['key', 'list', '--json']);
    const listed = JSON.parse(stdout) as { id: string; inUse: boolean; ofKit: boolean }[];
    assert.deepEqual(listed.map(({ id }) => id).sort(), there);
    const kit = listed.find(({ ofKit }) => ofKit)?.id ?? '';
    const own = listed.find(({ inUse }) => inUse)?.id ?? '';
    assert.equal(new Set([kit, own]).size, 2);
    for (const [id, why] of [
      [kit, /recovery kit/],
      [own, /this machine/],
    ] as const) {
      const { error } = await run('key', 'remove', id);
      assert.deepEqual([error?.code, why.test(error?.message ?? '')], ['key_needed', true]);
    }
    assert.equal((await run('key', 'passwd', '--new-password-file', at('new'))).code, 0);
    const now = stored();
    assert.ok(now.includes(kit) && !now.includes(own) && now.length === 2);
    assert.equal((await run('backup', at('data'))).code, 0);
  });
});
