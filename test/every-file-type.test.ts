import assert from 'node:assert/strict';
import {
  closeSync,
  globSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { assertSameTree, treeDifferences } from './rig/compare-trees.ts';
import { makeDataTree } from './rig/data-tree.ts';
import { runHoldfast } from './rig/holdfast-process.ts';
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
