import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asBuffer, type Bytes, HoldfastError, isHoldfastError } from '../base/index.ts';
import { MemoryStore, type ObjectId, type ObjectRef, type ReadOptions } from '../storage/index.ts';
import { listSnapshot } from './list-snapshot.ts';
import { openRepository } from './open-repository.ts';
import {
  createSample,
  dataBlob,
  fileNode,
  folderNode,
  samplePassword,
  treeBlob,
  writePack,
  writeSnapshot,
} from './sample-repository.fixture.ts';

const [hello, world] = [dataBlob('hello'), dataBlob('world')];
const inner = treeBlob(fileNode('b', hello), fileNode('c', world));
const root = treeBlob(fileNode('a', hello, world), folderNode('dir', inner));

async function replacePack(
  store: MemoryStore,
  name: ObjectId,
  change: (bytes: Bytes) => Bytes,
): Promise<Bytes> {
  const bytes = change(Uint8Array.from(await store.read({ type: 'data', name })));
  await store.remove({ type: 'data', name });
  return bytes;
}

/** A store in which one object's bytes are others than were written. */
class DamagedStore extends MemoryStore {
  readonly #inner: MemoryStore;
  readonly #name: ObjectId;
  readonly #bytes: Bytes;

  constructor(inner: MemoryStore, name: ObjectId, bytes: Bytes) {
    super();
    this.#inner = inner;
    this.#name = name;
    this.#bytes = bytes;
  }

  override async list(...args: Parameters<MemoryStore['list']>) {
    return this.#inner.list(...args);
  }

  override async read(ref: ObjectRef, options: ReadOptions = {}): Promise<Bytes> {
    if (!('name' in ref) || ref.name !== this.#name) return this.#inner.read(ref, options);
    const { offset = 0, length = this.#bytes.length - offset } = options.range ?? {};
    return this.#bytes.slice(offset, offset + length);
  }
}

function flip(at: number): (bytes: Bytes) => Bytes {
  return (bytes) => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
}

test('blobs and trees are read from wherever their pack has them', async () => {
  const { repository } = await createSample();
  await repository.saveIndex([
    await writePack(repository, hello, world),
    await writePack(repository, inner, root),
  ]);
  assert.equal(asBuffer(await repository.readBlob('data', world.id)).toString(), 'world');
  assert.equal((await repository.readTree(root.id)).nodes.length, 2);
  assert.equal(await repository.readTree(root.id), await repository.readTree(root.id));
});

test('a blob that is in no index is named', async () => {
  const { repository } = await createSample();
  await assert.rejects(repository.readBlob('data', hello.id), (error) => {
    return (
      isHoldfastError(error, 'repository_damaged') && error.message === `data blob ${hello.id} is in no index`
    );
  });
});

test('a damaged blob is read from another pack that has it, and named with its pack when none has', async () => {
  const { repository, store } = await createSample();
  const first = await writePack(repository, hello);
  const second = await writePack(repository, world, hello);
  await repository.saveIndex([first]);
  const key = { password: samplePassword };
  const bytes = await replacePack(store, first.id, flip(20));
  const damaged = await openRepository(new DamagedStore(store, first.id, bytes), { key });
  await assert.rejects(damaged.readBlob('data', hello.id), (error) => {
    return (
      isHoldfastError(error, 'repository_damaged') &&
      error.message.includes(first.id) &&
      error.message.includes(hello.id)
    );
  });
  await repository.saveIndex([second]);
  await damaged.loadIndex();
  assert.equal(asBuffer(await damaged.readBlob('data', hello.id)).toString(), 'hello');
});

test('a lost connection is not taken for damage', async () => {
  const { repository, store } = await createSample();
  await repository.saveIndex([await writePack(repository, hello), await writePack(repository, world, hello)]);
  await repository.loadIndex();
  store.read = async () => {
    throw new HoldfastError('connection_lost', 'the cable is cut');
  };
  await assert.rejects(repository.readBlob('data', hello.id), (error) =>
    isHoldfastError(error, 'connection_lost'),
  );
});

test('an index that is damaged, or was exchanged for another, is named, and its packs are asked themselves', async () => {
  const { repository, store } = await createSample();
  const good = await repository.saveIndex([await writePack(repository, hello)]);
  const bad = await repository.saveIndex([await writePack(repository, world)]);
  const key = { password: samplePassword };
  const original = await store.read({ type: 'index', name: bad });
  for (const bytes of [
    flip(30)(original),
    original.subarray(0, 40),
    await store.read({ type: 'index', name: good }),
  ]) {
    const damaged = await openRepository(new DamagedStore(store, bad, bytes), { key });
    const said: string[] = [];
    damaged.onDamage((message) => said.push(message));
    const index = await damaged.loadIndex();
    assert.deepEqual([index.packCount, said.length], [2, 1]);
    assert.match(said[0] ?? '', new RegExp(`index ${bad} .* read from 1 packs`));
    assert.deepEqual(Buffer.from(await damaged.readBlob('data', world.id)), world.plaintext);
  }
});

test('a snapshot is listed folder first, and a part of it by its path', async () => {
  const { repository } = await createSample();
  await repository.saveIndex([
    await writePack(repository, hello, world),
    await writePack(repository, inner, root),
  ]);
  const snapshot = await repository.findSnapshot(await writeSnapshot(repository, root));
  const paths = async (path?: string): Promise<string[]> => {
    const options = path === undefined ? {} : { path: Buffer.from(path) };
    const found = await Array.fromAsync(listSnapshot(repository, snapshot, options));
    return found.map((item) => asBuffer(item.path).toString());
  };
  assert.deepEqual(await paths(), ['/a', '/dir', '/dir/b', '/dir/c']);
  assert.deepEqual(await paths('/dir'), ['/dir', '/dir/b', '/dir/c']);
  assert.deepEqual(await paths('/dir/c'), ['/dir/c']);
  await assert.rejects(paths('/dir/x'), (error) => isHoldfastError(error, 'path_not_found'));
  await assert.rejects(paths('/a/b'), (error) => isHoldfastError(error, 'path_not_found'));
});

test('a folder that cannot be read is told, and the rest is listed', async () => {
  const { repository } = await createSample();
  await repository.saveIndex([await writePack(repository, root)]);
  const snapshot = await repository.findSnapshot(await writeSnapshot(repository, root));
  const problems: string[] = [];
  const onProblem = (path: Bytes): unknown => problems.push(asBuffer(path).toString());
  const found = await Array.fromAsync(listSnapshot(repository, snapshot, { onProblem }));
  assert.equal(found.length, 2);
  assert.deepEqual(problems, ['/dir']);
  await assert.rejects(Array.fromAsync(listSnapshot(repository, snapshot)), (error) =>
    isHoldfastError(error, 'repository_damaged'),
  );
});

test('folders nested three thousand deep are listed', async () => {
  const { repository } = await createSample();
  const trees = [treeBlob()];
  for (let depth = 0; depth < 3000; depth++)
    trees.push(treeBlob(folderNode('d', trees[depth] ?? treeBlob())));
  await repository.saveIndex([await writePack(repository, ...trees)]);
  const snapshot = { tree: trees.at(-1)?.id ?? root.id };
  let count = 0;
  for await (const _ of listSnapshot(repository, snapshot)) count++;
  assert.equal(count, 3000);
});
