import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppendOnlyStore } from '../../storage/index.ts';
import { openRepository } from '../open-repository.ts';
import {
  createSample,
  samplePassword,
  treeBlob,
  writePack,
  writeSnapshot,
} from '../sample-repository.fixture.ts';
import { forget } from './forget.ts';
import { groupBy } from './group-snapshots.ts';

test('where the storage keeps all it has, that is said with what to do, and every snapshot is there', async () => {
  const { repository, store } = await createSample();
  const tree = treeBlob();
  await repository.saveIndex([await writePack(repository, tree)]);
  for (const timeNs of [1n, 2n, 3n]) await writeSnapshot(repository, tree, { timeNs });
  const key = { password: samplePassword };
  const shut = await openRepository(new AppendOnlyStore(store), { key });
  const options = { policy: { last: 1 }, groupOf: groupBy([]), judgedBy: 'time' } as const;
  await assert.rejects(forget(shut, options), {
    code: 'append_only',
    message: /^0 of 2 snapshots were removed: snapshots\/[0-9a-f]{64} cannot be removed/,
  });
  assert.equal((await repository.snapshots()).length, 3);
  assert.deepEqual(await store.list('locks'), []);
  const { removed } = await forget(repository, options);
  assert.deepEqual([removed.length, (await repository.snapshots()).length], [2, 1]);
});
