import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHoldfastError } from '../base/index.ts';
import {
  createSample,
  dataBlob,
  fileNode,
  folderNode,
  treeBlob,
  writePack,
  writeSnapshot,
} from './sample-repository.fixture.ts';
import type { SnapshotFilter } from './snapshot-filter.ts';

const letter = dataBlob('dear ann');
const ann = treeBlob(fileNode('letter', letter));
const home = treeBlob(folderNode('ann', ann), fileNode('note'));
const tree = treeBlob(folderNode('home', home));

async function sampleWithSnapshots() {
  const { repository } = await createSample();
  await repository.saveIndex([await writePack(repository, letter, ann, home, tree)]);
  const ids = [
    await writeSnapshot(repository, tree, { timeNs: 3n, hostname: 'a', paths: ['/x', '/y'] }),
    await writeSnapshot(repository, tree, { timeNs: 1n, hostname: 'a', paths: ['/x'] }),
    await writeSnapshot(repository, tree, { timeNs: 4n, hostname: 'b', paths: ['/z'], tags: ['x', 'y'] }),
    await writeSnapshot(repository, tree, { timeNs: 2n, hostname: 'a', paths: ['/y', '/x'], tags: ['x'] }),
  ] as const;
  return { repository, ids };
}

test('latest is the newest over all hosts and paths unless some are asked for', async () => {
  const { repository, ids } = await sampleWithSnapshots();
  const latest = async (filter = {}) => (await repository.findSnapshot('latest', filter)).id;
  assert.equal(await latest(), ids[2]);
  assert.equal(await latest({ hosts: ['a'] }), ids[0]);
  assert.equal(await latest({ paths: ['/x'] }), ids[0]);
  assert.equal(await latest({ paths: ['/z'] }), ids[2]);
  await assert.rejects(latest({ hosts: ['c'], paths: ['/x'] }), {
    code: 'snapshot_not_found',
    message: 'no snapshot of host c and folder /x is there',
  });
});

test('a snapshot is found by the beginning of its id when only one begins so', async () => {
  const { repository, ids } = await sampleWithSnapshots();
  assert.equal((await repository.findSnapshot(ids[1])).timeNs, 1n);
  assert.equal((await repository.findSnapshot(ids[1].slice(0, 16))).id, ids[1]);
  for (const name of [
    'xyz',
    'LATEST',
    'latest~',
    'latest~x',
    'latest~4',
    '../config',
    'f'.repeat(63),
    'f'.repeat(64),
    '',
  ]) {
    await assert.rejects(
      repository.findSnapshot(name),
      (error) => isHoldfastError(error, 'snapshot_not_found'),
      name,
    );
  }
  for (let round = 0; round < 20; round++) await writeSnapshot(repository, tree, { timeNs: 1n });
  const first = new Set<string>();
  const ambiguous = (await repository.snapshots()).find(
    ({ id }) => first.size === first.add(id.charAt(0)).size,
  );
  await assert.rejects(repository.findSnapshot(ambiguous?.id.charAt(0) ?? ''), (error) =>
    isHoldfastError(error, 'snapshot_ambiguous'),
  );
});

test('latest~2 is two before the newest of those that are asked for', async () => {
  const { repository, ids } = await sampleWithSnapshots();
  assert.equal((await repository.findSnapshot('latest~0')).id, ids[2]);
  assert.equal((await repository.findSnapshot('latest~2')).id, ids[3]);
  assert.equal((await repository.findSnapshot('latest~2', { hosts: ['a'] })).id, ids[1]);
  await assert.rejects(repository.findSnapshot('latest~1', { tags: [['y']] }), {
    code: 'snapshot_not_found',
    message: 'latest~1 is before the first of 1 snapshot of tag y',
  });
});

test('a filter wants one of the hosts, all of the paths, and all tags of one list', async () => {
  const { repository, ids } = await sampleWithSnapshots();
  const found = async (filter: SnapshotFilter) =>
    (await repository.findSnapshots([], filter)).map(({ id }) => ids.indexOf(id));
  assert.deepEqual(await found({}), [1, 3, 0, 2]);
  assert.deepEqual(await found({ hosts: ['a', 'b'] }), [1, 3, 0, 2]);
  assert.deepEqual(await found({ paths: ['/x', '/y'] }), [3, 0]);
  assert.deepEqual(await found({ tags: [['x']] }), [3, 2]);
  assert.deepEqual(await found({ tags: [['x', 'y']] }), [2]);
  assert.deepEqual(await found({ tags: [['x', 'y'], ['']] }), [1, 0, 2]);
  assert.deepEqual(await found({ tags: [['x']], hosts: ['b'], paths: ['/x'] }), []);
});

test('snapshots are found in the order of their names, each once, or none of them', async () => {
  const { repository, ids } = await sampleWithSnapshots();
  const found = await repository.findSnapshots([ids[1], 'latest', ids[1].slice(0, 20), 'latest~1']);
  assert.deepEqual(
    found.map(({ id }) => ids.indexOf(id)),
    [1, 2, 0],
  );
  await assert.rejects(repository.findSnapshots(['latest', 'latest~9']), { code: 'snapshot_not_found' });
  await assert.rejects(repository.findSnapshots(['latest:/home']), {
    code: 'usage',
    message: '"latest:/home" names a folder, expected a whole snapshot',
  });
});

test('a folder of a snapshot stands behind a colon, and is taken for the whole', async () => {
  const { repository, ids } = await sampleWithSnapshots();
  const treeOf = async (name: string) => (await repository.findSnapshotFolder(name)).tree;
  assert.equal(await treeOf('latest'), tree.id);
  for (const root of ['latest:', 'latest:/', 'latest:.']) assert.equal(await treeOf(root), tree.id);
  for (const path of ['/home/ann', 'home/ann/', 'home//./ann']) {
    const folder = await repository.findSnapshotFolder(`${ids[0].slice(0, 12)}:${path}`);
    assert.equal(folder.tree, ann.id);
    assert.equal(folder.id, ids[0]);
    assert.deepEqual(folder.paths, []);
  }
  for (const path of ['/home/bob', '/home/ann/letter/x', '/home/../home'])
    await assert.rejects(treeOf(`latest:${path}`), { code: 'path_not_found', message: /has nothing at/ });
  await assert.rejects(treeOf('latest:/home/note'), {
    code: 'path_not_found',
    message: '"/home/note" is no folder of the snapshot, but a file',
  });
});
