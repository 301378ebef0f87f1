import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppendOnlyStore, type MemoryStore, type ObjectId } from '../storage/index.ts';
import { idOf } from './format/blob.ts';
import { openRepository } from './open-repository.ts';
import { repairIndex } from './repair-index.ts';
import { createSample, dataBlob, samplePassword, writePack } from './sample-repository.fixture.ts';

const one = dataBlob('one'.repeat(100));
const two = dataBlob('two'.repeat(100));
const key = { password: samplePassword };

async function replace(store: MemoryStore, type: 'index' | 'data', name: ObjectId): Promise<void> {
  const bytes = Buffer.from(await store.read({ type, name }));
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 20) ^ 1, bytes.length - 20);
  await store.remove({ type, name });
  // The store itself holds a file against its name.
  const [read, list] = [store.read.bind(store), store.list.bind(store)];
  store.read = async (ref, options) => (ref.type === type && ref.name === name ? bytes : read(ref, options));
  store.list = async (kind, options) => {
    const infos = await list(kind, options);
    return kind === type ? [...infos, { name, size: bytes.length }] : infos;
  };
}

test('what a damaged index knew is in a new one before it is removed', async () => {
  const { repository, store } = await createSample();
  const pack = await writePack(repository, one, two);
  const bad = await repository.saveIndex([pack]);
  await replace(store, 'index', bad);
  const removed: string[] = [];
  const remove = store.remove.bind(store);
  store.remove = async (ref, options) => {
    if (ref.type === 'index') {
      removed.push(ref.name);
      assert.equal((await store.list('index')).length, 2);
    }
    await remove(ref, options);
  };
  const summary = await repairIndex(repository);
  assert.deepEqual(summary, {
    packs: 1,
    blobs: 2,
    unreadablePacks: 0,
    lostPacks: 0,
    removed: [bad],
    kept: [],
  });
  assert.deepEqual(removed, [bad]);
});

test('where nothing can be removed a damaged index stays, and a second repair adds nothing', async () => {
  const { repository, store } = await createSample();
  const bad = await repository.saveIndex([await writePack(repository, one)]);
  await replace(store, 'index', bad);
  const guarded = await openRepository(new AppendOnlyStore(store), { key });
  assert.deepEqual(await repairIndex(guarded), {
    packs: 1,
    blobs: 1,
    unreadablePacks: 0,
    lostPacks: 0,
    removed: [],
    kept: [bad],
  });
  assert.equal((await repairIndex(guarded)).packs, 0);
  const reopened = await openRepository(new AppendOnlyStore(store), { key });
  assert.deepEqual(Buffer.from(await reopened.readBlob('data', one.id)), one.plaintext);
});

test('a pack that does not say what it holds is named, and the others are listed', async () => {
  const { repository, store } = await createSample();
  const pack = await writePack(repository, one);
  await writePack(repository, two);
  await replace(store, 'data', pack.id);
  const named: string[] = [];
  const summary = await repairIndex(repository, { onUnreadable: (name) => named.push(name) });
  assert.deepEqual([summary.packs, summary.unreadablePacks, named], [1, 1, [pack.id]]);
  assert.equal(idOf(one.plaintext), one.id);
});

test('an index that names a lost pack is removed once what else it names is in another', async () => {
  const { repository, store } = await createSample();
  const [lost, there] = [await writePack(repository, one), await writePack(repository, two)];
  const outdated = await repository.saveIndex([lost, there]);
  await store.remove({ type: 'data', name: lost.id });
  const guarded = await openRepository(new AppendOnlyStore(store), { key });
  const kept = await repairIndex(guarded);
  assert.deepEqual([kept.packs, kept.lostPacks, kept.kept], [1, 1, [outdated]]);
  assert.equal((await repairIndex(guarded)).packs, 0);
  const summary = await repairIndex(repository);
  assert.deepEqual([summary.packs, summary.lostPacks, summary.removed], [0, 1, [outdated]]);
  const index = await repository.loadIndex();
  assert.deepEqual([index.has('data', one.id), index.has('data', two.id)], [false, true]);
});
