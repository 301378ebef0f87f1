import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { treeDifferences } from './rig/compare-trees.ts';
import { makeDataTree } from './rig/data-tree.ts';
import { RunningProgram, runProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient, type ResticAccess } from './rig/network.ts';
import { Prng } from './rig/prng.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

/** Attributes of links, targets that are not UTF-8 and sockets: what restic releases lose, each some of it. */
const lostByRestic = /^(dangling: attributes|raw-target: (target|size)|socket: missing)/;

function assertSameTree(actual: string, expected: string): void {
  const differences = treeDifferences(actual, expected).filter((line) => !lostByRestic.test(line));
  assert.deepEqual(differences, []);
}

describe('restic and holdfast serve', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let ann: NetworkClient;
  let bob: NetworkClient;
  let anns: ResticAccess;
  let bobs: ResticAccess;
  const at = (...names: string[]): string => join(place.path, ...names);

  before(async () => {
    place = temporaryDirectory();
    mkdirSync(at('data'));
    await makeDataTree(at('data'), { seed: 5, largeBytes: 6_000_000 });
    network = await Network.start(at('server'));
    [ann, bob] = [await network.join('ann', at('ann')), await network.join('bob', at('bob'))];
    [anns, bobs] = [await ann.exportForRestic(), await bob.exportForRestic()];
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  /** restic by the exported script, which brings repository, password and certificate. */
  const restic = ({ directory }: ResticAccess, ...words: string[]) =>
    runProgram(join(directory, 'restic.sh'), ['--no-cache', ...words]);

  /** Asserts that restic is refused; it would go on trying for many minutes. */
  async function refused(words: readonly string[], reason: RegExp): Promise<void> {
    await using running = new RunningProgram(['--no-cache', ...words], { program: 'restic' });
    await running.waitFor(reason);
    assert.notEqual((await running.stop('SIGTERM')).code, 0);
  }

  const countOf = async (
    access: ResticAccess,
    kind: 'data' | 'tree',
    repo: string[] = [],
  ): Promise<number> => {
    const { stdout } = await restic(access, ...repo, 'list', 'blobs');
    return stdout.split('\n').filter((line) => line.startsWith(kind)).length;
  };

  it('restic makes a repository below its own, backs up, lists and checks, and cannot remove', async () => {
    const repo = ['--repo', `rest:${anns.url}of-restic/`];
    await restic(anns, ...repo, 'init');
    await restic(anns, ...repo, 'backup', at('data'));
    assert.match((await restic(anns, ...repo, 'snapshots')).stdout, /1 snapshots/);
    assert.match((await restic(anns, ...repo, 'check', '--read-data')).stdout, /no errors were found/);
    await refused([...anns.options, ...repo, 'forget', 'latest'], /403 Forbidden/);
    assert.match((await restic(anns, ...repo, '--no-lock', 'snapshots')).stdout, /1 snapshots/);
  });

  it('restic gets nowhere without a certificate', async () => {
    const options = ['--repo', `rest:${anns.url}`, '--cacert', join(anns.directory, 'ca.pem')];
    await refused(
      [...options, '--password-file', join(anns.directory, 'password'), 'snapshots'],
      /certificate required/,
    );
  });

  it('restic gets nowhere with the certificate of another network', async () => {
    await using other = await Network.start(at('other-server'));
    const stranger = await (await other.join('ann', at('stranger'))).exportForRestic();
    const certificate = ['--tls-client-cert', join(stranger.directory, 'client.pem')];
    await refused([...anns.options, ...certificate, 'snapshots'], /403/);
  });

  it('restic is refused the repository of another client', async () => {
    await refused([...bobs.options, '--repo', `rest:${anns.url}`, 'snapshots'], /403/);
    await refused([...bobs.options, '--repo', `rest:${anns.url}of-bob/`, 'init'], /403/);
  });

  it('restic checks and restores what holdfast stored, and stores nothing but metadata anew', async () => {
    await ann.run(['backup', at('data')]);
    const before = await countOf(anns, 'data');
    assert.match((await restic(anns, 'check', '--read-data')).stdout, /no errors were found/);
    await restic(anns, 'restore', 'latest', '--target', at('by restic'));
    assertSameTree(join(at('by restic'), at('data')), at('data'));
    await restic(anns, 'backup', '--force', at('data'));
    assert.equal(await countOf(anns, 'data'), before);
  });

  it('holdfast checks and restores what restic stored, and stores nothing but metadata anew', async () => {
    const url = `${bobs.url}of-restic/`;
    const repo = ['--repo', url, '--password-file', join(bobs.directory, 'password')];
    await restic(bobs, '--repo', `rest:${url}`, 'init');
    await restic(bobs, '--repo', `rest:${url}`, 'backup', at('data'));
    const before = await countOf(bobs, 'data', ['--repo', `rest:${url}`]);
    assert.match((await bob.run(['check', '--read-data', ...repo])).stdout, /no errors found/);
    await bob.run(['restore', 'latest', '--verify', '--target', at('by holdfast'), ...repo]);
    assertSameTree(join(at('by holdfast'), at('data')), at('data'));
    writeFileSync(at('data/new'), new Prng('new').bytes(100_000));
    await bob.run(['backup', at('data'), ...repo]);
    assert.equal(await countOf(bobs, 'data', ['--repo', `rest:${url}`]), before + 1);
    assert.match((await restic(bobs, '--repo', `rest:${url}`, 'check', '--read-data')).stdout, /no errors/);
  });
});
