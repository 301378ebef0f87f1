import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { assertSameTree } from './rig/compare-trees.ts';
import { makeDataTree } from './rig/data-tree.ts';
import { freePorts } from './rig/free-ports.ts';
import { launcher, runProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('a machine that is lost, keys and all', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let laptop: NetworkClient;
  let code: string;
  const at = (...names: string[]): string => join(place.path, ...names);
  const kit = (): string => join(network.home, 'recovery-kit.txt');
  /** Runs `recover` on a machine that did not exist before, which is to be refused. */
  const refused = async (words: readonly string[], expected: number): Promise<string> => {
    const fresh = network.client('laptop', at('fresh'));
    const { stderr, stdout } = await fresh.run(['recover', code, ...words], expected);
    assert.equal(stdout, '');
    assert.ok(!existsSync(fresh.home), 'a home was left behind');
    return stderr;
  };

  before(async () => {
    place = temporaryDirectory();
    await makeDataTree(at('data'), { seed: 12 });
    network = await Network.start(at('server'));
    laptop = await network.join('laptop', at('laptop'));
    await network.run(['node', 'set', 'laptop', 'prune', 'on']);
    for (const _ of [1, 2, 3]) await laptop.run(['backup', at('data')]);
    await laptop.run(['forget', '--keep-last', '1']);
    renameSync(at('laptop'), at('stolen'));
    code = await network.joinCode('laptop', ['--reissue']);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('is not brought back by a file that is no kit, and the code stays good', async () => {
    writeFileSync(at('cut.txt'), readFileSync(kit(), 'utf8').slice(0, 400));
    assert.match(await refused(['--kit', at('cut.txt')], 1), /\[recovery_kit_malformed\]/);
    assert.match(await refused(['--kit', at('nowhere')], 1), /\[path_not_found\]/);
  });

  it('is not brought back by the kit of another network, or without the passphrase of the kit', async () => {
    writeFileSync(at('passphrase'), 'a long enough one\n');
    writeFileSync(at('other passphrase'), 'another one\n');
    const words = [
      '--network',
      'other.test',
      '--names',
      'localhost',
      '--kit-password-file',
      at('passphrase'),
    ];
    await runProgram(launcher, ['init', '--home', at('other'), ...words]);
    const other = ['--kit', at('other/recovery-kit.txt')];
    assert.match(await refused(other, 12), /protected by a passphrase \[password_wrong\]/);
    const wrong = [...other, '--kit-password-file', at('other passphrase')];
    assert.match(await refused(wrong, 12), /\[password_wrong\]/);
    const right = [...other, '--kit-password-file', at('passphrase')];
    assert.match(await refused(right, 12), /kit is of other\.test.*\[recovery_kit_foreign\]/s);
  });

  it('comes back with a reissue code and the kit, and everything restores', async () => {
    const fresh = network.client('laptop', at('fresh'));
    const { stdout } = await fresh.run(['recover', code, '--kit', kit()]);
    assert.match(stdout, /^ {2}client {6}enrolled {3}laptop of network\.test/m);
    assert.match(stdout, /^ {2}found {7}1 snapshot$/m);
    assert.match(
      stdout,
      /^ {2}removed +2 snapshots, in the trash of the server +the last 20.* holdfast trash restore laptop$/m,
    );
    await network.run(['trash', 'restore', 'laptop']);
    assert.equal(JSON.parse((await fresh.run(['snapshots', '--json'])).stdout).length, 3);
    await fresh.run(['restore', 'latest', '--target', at('back')]);
    assertSameTree(join(at('back'), at('data')), at('data'));
  });

  it('goes on backing up with a key of its own, and needs the kit no more', async () => {
    const fresh = network.client('laptop', at('fresh'));
    const report = JSON.parse((await fresh.run(['backup', '--json', at('data')])).stdout) as {
      parent?: string;
    };
    assert.ok(report.parent, 'the backup builds upon the lost machine’s');
    await fresh.run(['check']);
  });

  it('is a stranger from then on where its old keys are', async () => {
    const words = ['snapshots', '--home', at('stolen/holdfast')];
    const { stderr } = await runProgram(launcher, words, { expected: 21 });
    assert.match(stderr, /\[certificate_revoked\]/);
  });

  it('can be given a key again once it has joined, without a code or with the one that it has used', async () => {
    const fresh = network.client('laptop', at('fresh'));
    for (const words of [[], [code]]) {
      const { stdout } = await fresh.run(['recover', ...words, '--kit', kit(), '--json']);
      const report = JSON.parse(stdout) as { name: string; snapshots: number };
      assert.deepEqual([report.name, report.snapshots], ['laptop', 4]);
    }
  });

  it('says so when nothing was left with the server', async () => {
    const empty = await network.join('empty', at('empty'));
    const { stderr } = await empty.run(['recover', '--kit', kit()], 12);
    assert.match(stderr, /nothing was left there for client empty \[escrow_missing\]/);
  });
});

it('recover works on the machine of the server, with no server running', async () => {
  using place = temporaryDirectory();
  const at = (...names: string[]): string => join(place.path, ...names);
  const home = ['--home', at('home')];
  writeFileSync(at('letter'), 'Dear Ann,\n');
  await runProgram(launcher, ['up', '--once', '--port', String(await freePorts()), ...home, at('letter')]);
  const status = JSON.parse((await runProgram(launcher, ['status', '--json', ...home])).stdout) as {
    node: { name: string };
  };
  // As kits were before they named what was left; one that is still here is brought up to date by the server.
  const kit = readFileSync(at('home/recovery-kit.txt'), 'utf8');
  writeFileSync(at('home/recovery-kit.txt'), kit.replace(/^# Escrow client.*\n/gm, ''));
  await runProgram(launcher, ['snapshots', ...home]);
  assert.ok(readFileSync(at('home/recovery-kit.txt'), 'utf8') === kit && kit.includes('# Escrow client/'));
  rmSync(at('home/node'), { recursive: true });
  const token = await runProgram(launcher, ['token', 'create', '--reissue', status.node.name, ...home]);
  const words = ['recover', token.stdout.trim(), '--kit', at('home/recovery-kit.txt')];
  assert.match((await runProgram(launcher, [...words, ...home])).stdout, /found +1 snapshot/);
  await runProgram(launcher, ['restore', 'latest', '--target', at('back'), ...home]);
  assert.equal(readFileSync(join(at('back'), at('letter')), 'utf8'), 'Dear Ann,\n');
});
