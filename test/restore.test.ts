import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertSameTree } from './rig/compare-trees.ts';
import { makeDataTree } from './rig/data-tree.ts';
import { Network } from './rig/network.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

test('a tree with every kind of file comes back equal over mutual TLS', async () => {
  using directory = temporaryDirectory();
  const tree = join(directory.path, 'tree');
  const target = join(directory.path, 'target');
  await makeDataTree(tree, { seed: 3 });
  mkdirSync(target);
  await using network = await Network.start(join(directory.path, 'server'));
  const client = await network.join('client', join(directory.path, 'client'));
  await client.run(['backup', tree]);
  await client.run(['restore', 'latest', '--target', target]);
  assertSameTree(join(target, tree), tree);
});
