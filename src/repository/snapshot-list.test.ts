import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHoldfastError } from '../base/index.ts';
import { idOf } from './format/blob.ts';
import { createSample, treeBlob, writeSnapshot } from './sample-repository.fixture.ts';
import { findParent } from './snapshot-list.ts';

const tree = treeBlob();

async function sampleWithSnapshots() {
  const { repository, store } = await createSample();
  const ids = [
    await writeSnapshot(repository, tree, { timeNs: 3n, hostname: 'a', paths: ['/x', '/y'] }),
    await writeSnapshot(repository, tree, { timeNs: 1n, hostname: 'a', paths: ['/x'] }),
    await writeSnapshot(repository, tree, { timeNs: 4n, hostname: 'b', paths: ['/z'] }),
    await writeSnapshot(repository, tree, { timeNs: 2n, hostname: 'a', paths: ['/y', '/x'] }),
  ] as const;
  return { repository, store, ids };
}

test('latest is the newest over all hosts and paths unless some are asked for', async () => {
  const { repository, ids } = await sampleWithSnapshots();
  const latest = async (filter = {}) => (await repository.findSnapshot('latest', filter)).id;
  assert.equal(await latest(), ids[2]);
  assert.equal(await latest({ hostname: 'a' }), ids[0]);
  assert.equal(await latest({ paths: ['/x'] }), ids[0]);
  assert.equal(await latest({ paths: ['/z'] }), ids[2]);
  await assert.rejects(latest({ hostname: 'c', paths: ['/x'] }), {
    code: 'snapshot_not_found',
    message: 'no snapshot of host c and folder /x is there',
  });
});

test('a snapshot is found by the beginning of its id when only one begins so', async () => {
  const { repository, ids } = await sampleWithSnapshots();
  assert.equal((await repository.findSnapshot(ids[1])).timeNs, 1n);
  assert.equal((await repository.findSnapshot(ids[1].slice(0, 16))).id, ids[1]);
  for (const name of ['xyz', 'LATEST', '../config', 'f'.repeat(63), 'f'.repeat(64), '']) {
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

test('snapshots are listed by time, and one that is damaged is named and passed over', async () => {
  const { repository, store, ids } = await sampleWithSnapshots();
  assert.deepEqual(
    (await repository.snapshots()).map(({ timeNs }) => timeNs),
    [1n, 2n, 3n, 4n],
  );
  const junk = Buffer.alloc(100, 1);
  await store.write({ type: 'snapshots', name: idOf(junk) }, [junk], { size: 100 });
  const said: string[] = [];
  repository.onDamage((message) => said.push(message));
  assert.equal((await repository.findSnapshot('latest')).timeNs, 4n);
  assert.match(said.join(), new RegExp(`snapshot ${idOf(junk)} .*passed over`));
  const damaged: string[] = [];
  assert.equal((await repository.snapshots({ onDamaged: (id) => damaged.push(id) })).length, 4);
  assert.deepEqual(damaged, [idOf(junk)]);
  assert.equal((await repository.findSnapshot(ids[0])).id, ids[0]);
});

test('the parent is the last of the same host and paths', async () => {
  const { repository, ids } = await sampleWithSnapshots();
  const snapshots = await repository.snapshots();
  const parent = (hostname: string, paths: readonly string[]) =>
    findParent(snapshots, { hostname, paths })?.id;
  assert.equal(parent('a', ['/x', '/y']), ids[0]);
  assert.equal(parent('a', ['/y', '/x']), ids[0]);
  assert.equal(parent('a', ['/x']), ids[1]);
  assert.equal(parent('a', ['/y']), ids[0], 'which has saved more');
  assert.equal(parent('a', ['/z']), undefined);
  assert.equal(parent('b', ['/z']), ids[2]);
});
