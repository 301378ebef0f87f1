import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  globSync,
  mkdirSync,
  openSync,
  readlinkSync,
  readSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { assertSameTree, treeDifferences } from './rig/compare-trees.ts';
import { makeDataTree } from './rig/data-tree.ts';
import { launcher, runHoldfast } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { errorIn } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('a tree with every file type', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let client: NetworkClient;
  const at = (...names: string[]): string => join(place.path, ...names);

  before(async () => {
    place = temporaryDirectory();
    mkdirSync(at('data'));
    await makeDataTree(at('data'), { seed: 3 });
    writeFileSync(at('password'), 'a password\n');
    network = await Network.start(at('server'));
    client = await network.join('client', at('client'));
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  const places: Readonly<Record<string, () => string[]>> = {
    'over mutual TLS': () => [],
    'in a directory': () => ['--repo', at('repository'), '--password-file', at('password')],
  };
  for (const [name, options] of Object.entries(places)) {
    it(`comes back as it was ${name}`, async () => {
      const target = at(`restored ${name}`);
      const init = name === 'in a directory' ? ['--init'] : [];
      await client.run(['backup', at('data'), ...options(), ...init]);
      await client.run(['restore', 'latest', '--target', target, '--verify', ...options()]);
      assertSameTree(join(target, at('data')), at('data'));
    });
  }

  /** Through a pipe, as people do it. */
  const piped = (words: string, into: string): void => {
    execFileSync('bash', ['-o', 'pipefail', '-c', `"$0" ${words} | ${into}`, launcher], {
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: place.path,
    });
  };

  it('comes out of a dump by GNU tar as it was, sockets left out', () => {
    mkdirSync(at('untarred'));
    piped(
      `dump latest / --home ${client.home}`,
      `tar --xattrs --xattrs-include='*' -xpf - -C ${at('untarred')} --delay-directory-restore`,
    );
    const isSocket = (line: string): boolean =>
      statSync(join(at('data'), line.split(':')[0] ?? '')).isSocket();
    const differences = treeDifferences(join(at('untarred'), at('data')), at('data'));
    assert.deepEqual(
      differences.filter((line) => !(line.endsWith(': missing') && isSocket(line))),
      [],
    );
  });

  it('comes out of a zip as files, folders and links', () => {
    mkdirSync(at('unzipped'));
    piped(
      `dump 'latest:${place.path}' /data --archive zip --home ${client.home}`,
      `cat > ${at('names.zip')}`,
    );
    // Names that are not UTF-8 are a warning to it.
    spawnSync('unzip', ['-q', at('names.zip'), '-d', at('unzipped')], { stdio: 'ignore' });
    for (const folder of ['many', 'deep/er'])
      execFileSync('diff', ['-r', at('unzipped/data', folder), at('data', folder)], { stdio: 'pipe' });
    assert.equal(readlinkSync(at('unzipped/data/link')), 'text');
    assert.equal(statSync(at('unzipped/data/mode-setuid')).mode & 0o777, 0o755);
  });

  it('is restored but for the one file whose pack has a flipped byte, which check and restore name', async () => {
    flipByte(largestPack(join(network.storedAt('client'), 'data')));
    const words = ['--home', client.home, '--json'];
    const checked = await runHoldfast(['check', '--read-data', ...words]);
    assert.deepEqual([checked.code, errorIn(checked).code], [1, 'repository_damaged'], checked.stderr);
    const pack = largestPack(join(network.storedAt('client'), 'data')).slice(-64);
    assert.match(checked.stderr, new RegExp(`damaged {3}.*${pack.slice(0, 8)}`));

    const restored = await runHoldfast(['restore', 'latest', '--target', at('partly'), ...words]);
    assert.deepEqual([restored.code, errorIn(restored).code], [1, 'restore_incomplete'], restored.stderr);
    assert.match(restored.stderr, /data\/large/);
    const different = treeDifferences(join(at('partly'), at('data')), at('data')).map(
      (line) => line.split(':')[0],
    );
    assert.deepEqual([...new Set(different)], ['large']);
  });
});

/** The largest pack: after some bytes of small files it begins with a part of the largest one. */
function largestPack(directory: string): string {
  const packs = globSync('*/*', { cwd: directory }).map((name) => join(directory, name));
  const [largest = ''] = packs.toSorted((a, b) => statSync(b).size - statSync(a).size);
  return largest;
}

function flipByte(path: string): void {
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, 100_000);
  writeSync(
    file,
    byte.map((value) => value ^ 1),
    0,
    1,
    100_000,
  );
  closeSync(file);
}
