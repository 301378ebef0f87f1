import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Bytes, isHoldfastError } from '../../base/index.ts';
import {
  AppendOnlyStore,
  ForwardingStore,
  formatObjectRef,
  MemoryStore,
  type ObjectBody,
  type ObjectId,
  type ObjectInfo,
  type ObjectRef,
  type ObjectStore,
  type ObjectType,
  objectTypes,
  type ReadOptions,
  type WriteOptions,
} from '../../storage/index.ts';
import { check } from '../check/check.ts';
import { openRepository } from '../open-repository.ts';
import type { Repository } from '../repository.ts';
import {
  createSample,
  dataBlob,
  fileNode,
  type SampleBlob,
  samplePassword,
  treeBlob,
  writePack,
  writeSnapshot,
} from '../sample-repository.fixture.ts';
import type { PruneRules } from './plan-prune.ts';
import { prune } from './prune.ts';

const all: PruneRules = { maxUnused: () => 0 };
const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((letter) => dataBlob(letter.repeat(3000))) as [
  SampleBlob,
  SampleBlob,
  SampleBlob,
  SampleBlob,
  SampleBlob,
];
const kept = treeBlob(fileNode('a', a), fileNode('b', b, c));
const gone = treeBlob(fileNode('d', d), fileNode('e', e));

/**
 * A snapshot that stays and one that was forgotten; their blobs in three packs: one that is all needed, two in part, one not at all; and one
 * more pack that no index lists.
 */
async function forgotten() {
  const { store: sound } = await createSample();
  const store = new ChangedStore(sound);
  const repository = await open(store);
  const packs = [
    await writePack(repository, a),
    await writePack(repository, b, d),
    await writePack(repository, kept, gone),
    await writePack(repository, e),
  ];
  await repository.saveIndex(packs.slice(0, 2));
  await repository.saveIndex(packs.slice(2));
  const late = await writePack(repository, c);
  await repository.saveIndex([late]);
  const unlisted = await writePack(repository, dataBlob('nobody lists it'));
  const snapshot = await writeSnapshot(repository, kept);
  return { repository, store, packs, snapshot, unlisted };
}

async function assertWhole(repository: Repository): Promise<void> {
  const problems: string[] = [];
  const onProblem = ({ message }: { readonly message: string }): void => void problems.push(message);
  const { errors } = await check(repository, { onProblem });
  assert.deepEqual([errors, problems], [0, []]);
  await assertThere(repository);
}

/** All that the snapshot needs can be read. */
async function assertThere(repository: Repository): Promise<void> {
  for (const { type, id, plaintext } of [a, b, c, kept])
    assert.deepEqual(Buffer.from(await repository.readBlob(type, id)), Buffer.from(plaintext));
}

async function names(
  store: ObjectStore,
  type: 'data' | 'index' | 'snapshots' | 'locks',
): Promise<ObjectId[]> {
  return (await store.list(type)).map(({ name }) => name);
}

const open = async (store: ObjectStore): Promise<Repository> =>
  openRepository(store, { key: { password: samplePassword } });

describe('prune', () => {
  it('leaves what snapshots need and nothing else', async () => {
    const { repository, store } = await forgotten();
    const { packs, used, unused, moved, remainingUnusedBytes, keptPacks } = await prune(repository, all);
    assert.deepEqual(packs, { kept: 2, repacked: 2, removed: 1, unlisted: 1 });
    assert.deepEqual(
      [used.blobs, unused.blobs, moved.blobs, remainingUnusedBytes, keptPacks],
      [4, 3, 2, 0, 0],
    );
    const left = await open(store);
    await assertWhole(left);
    const index = await left.loadIndex();
    assert.deepEqual([index.size, index.packCount, (await names(store, 'data')).length], [4, 4, 4]);
    assert.deepEqual([(await names(store, 'index')).length, await names(store, 'locks')], [1, []]);
    const again = await prune(left, all);
    assert.deepEqual(again.packs, { kept: 4, repacked: 0, removed: 0, unlisted: 0 });
  });

  it('changes nothing when it is only to say what it would do', async () => {
    const { repository, store, snapshot } = await forgotten();
    const before = [await names(store, 'data'), await names(store, 'index'), await names(store, 'snapshots')];
    const { packs } = await prune(repository, { ...all, dryRun: true });
    assert.deepEqual(packs, { kept: 2, repacked: 2, removed: 1, unlisted: 1 });
    const without = new Set([snapshot]);
    const none = await prune(repository, { ...all, dryRun: true, without });
    assert.deepEqual(none.packs, { kept: 0, repacked: 0, removed: 5, unlisted: 1 });
    assert.deepEqual(
      [await names(store, 'data'), await names(store, 'index'), await names(store, 'snapshots')],
      before,
    );
  });

  it('stopped at any change of the storage, loses nothing that is needed, and goes on the next time', async () => {
    const { store } = await forgotten();
    let changes = 0;
    for (let isDone = false; !isDone; changes++) {
      const copy = await copyOf(store);
      const dying = await open(new DyingStore(copy, changes));
      isDone = await prune(dying, all).then(
        () => true,
        (error: unknown) => {
          // The lock cannot be removed either.
          assert.match(String(error), /the power went|suppressed during disposal/);
          return false;
        },
      );
      const left = await open(copy);
      await left.unlock({ all: true });
      await assertThere(left);
      await prune(left, all);
      await assertWhole(await open(copy));
      // What was copied twice is there once; whether in packs of before or of the first run.
      assert.equal((await (await open(copy)).loadIndex()).size, 4, `after ${changes} changes`);
    }
    // Lock, unlisted pack, two packs, index, two old indexes and the new one's, two old packs, one unneeded, and the lock again.
    assert.ok(changes > 11, String(changes));
  });

  it('takes what is damaged where it lies from another copy', async () => {
    const { repository, store } = await forgotten();
    const half = await writePack(repository, d, a);
    const other = await writePack(repository, a, e);
    await repository.saveIndex([half, other]);
    await store.flip(half.id, half.blobs[1]?.offset ?? 0);
    await prune(repository, { ...all, repackSmallerThan: 2 ** 20 });
    const left = await open(store);
    assert.deepEqual(Buffer.from(await left.readBlob('data', a.id)), Buffer.from(a.plaintext));
  });
});

describe('prune removes nothing', () => {
  const refuses = async (
    repository: Repository,
    store: ObjectStore,
    message: RegExp,
    hint: RegExp,
  ): Promise<void> => {
    const before = [await names(store, 'data'), await names(store, 'index')];
    await assert.rejects(prune(repository, all), { code: 'repository_damaged', message, hint });
    assert.deepEqual([await names(store, 'data'), await names(store, 'index')], before);
    assert.deepEqual(await names(store, 'locks'), []);
  };

  it('when an index file is damaged, and after the repair of it works', async () => {
    const { repository, store } = await forgotten();
    const [name] = await names(store, 'index');
    assert.ok(name);
    store.change({ type: 'index', name }, Buffer.from('nothing'));
    await refuses(repository, store, /^index .* is damaged/, /^holdfast repair index/);
  });

  it('when an index file is gone that lists what is needed', async () => {
    const { repository, store, packs } = await forgotten();
    for (const name of await names(store, 'index')) await store.remove({ type: 'index', name });
    await repository.saveIndex([packs[2]!]);
    await refuses(
      repository,
      store,
      /^data blob [0-9a-f]{64} and 2 others .* in no index/,
      /^holdfast repair index/,
    );
  });

  it('when a snapshot cannot be read', async () => {
    const { repository, store, snapshot } = await forgotten();
    store.change({ type: 'snapshots', name: snapshot }, Buffer.from('nothing'));
    await refuses(
      repository,
      store,
      /^snapshot .* is damaged/,
      new RegExp(`holdfast forget ${snapshot.slice(0, 8)}`),
    );
  });

  it('when a directory is damaged, or a pack that is needed is gone or cut short', async () => {
    const one = await forgotten();
    await one.store.flip(one.packs[2]!.id, one.packs[2]!.blobs[0]!.offset);
    await assert.rejects(prune(one.repository, all), {
      code: 'repository_damaged',
      message: /tree blob .* authenticate/,
    });
    const two = await forgotten();
    await two.store.remove({ type: 'data', name: two.packs[0]!.id });
    await refuses(
      two.repository,
      two.store,
      /is in pack [0-9a-f]{64}, which is not there/,
      /^holdfast repair index/,
    );
    const three = await forgotten();
    const name = three.packs[1]!.id;
    const bytes = await three.store.read({ type: 'data', name });
    three.store.change({ type: 'data', name }, bytes.subarray(0, bytes.length - 1));
    await refuses(
      three.repository,
      three.store,
      /has \d+ bytes, its blobs and header need/,
      /^holdfast repair index/,
    );
  });

  it('when contents that would be moved are damaged, and goes on without a pack that is gone and that nobody needs', async () => {
    const { repository, store, packs } = await forgotten();
    await store.flip(packs[1]!.id, packs[1]!.blobs[0]!.offset);
    await assert.rejects(prune(repository, all), {
      code: 'repository_damaged',
      message: /^pack .*nothing was removed/,
    });
    assert.ok((await names(store, 'data')).includes(packs[1]!.id));
    const other = await forgotten();
    await other.store.remove({ type: 'data', name: other.packs[3]!.id });
    await prune(other.repository, all);
    await assertWhole(await open(other.store));
  });

  it('while somebody else works on it, and where the storage keeps all it has', async () => {
    const { repository, store } = await forgotten();
    {
      await using _lock = await repository.lock();
      await assert.rejects(prune(repository, all), (error) => isHoldfastError(error, 'repository_locked'));
    }
    const before = await names(store, 'data');
    await assert.rejects(prune(await open(new AppendOnlyStore(store)), all), { code: 'append_only' });
    assert.deepEqual(await names(store, 'data'), before);
  });
});

/** A store that does so many changes, and after that nothing any more. */
class DyingStore extends ForwardingStore {
  #left: number;

  constructor(inner: ObjectStore, changes: number) {
    super(inner);
    this.#left = changes;
  }

  override async write(ref: ObjectRef, body: ObjectBody, options: WriteOptions): Promise<void> {
    this.#spend();
    await super.write(ref, body, options);
  }

  override async remove(ref: ObjectRef, options?: { signal?: AbortSignal }): Promise<void> {
    this.#spend();
    await super.remove(ref, options);
  }

  #spend(): void {
    if (this.#left-- <= 0) throw new Error('the power went');
  }
}

async function copyOf(store: ObjectStore): Promise<MemoryStore> {
  const copy = new MemoryStore();
  await copy.create();
  const put = async (ref: ObjectRef): Promise<void> => {
    const bytes = await store.read(ref);
    await copy.write(ref, [bytes], { size: bytes.length });
  };
  await put({ type: 'config' });
  for (const type of objectTypes) for (const { name } of await store.list(type)) await put({ type, name });
  return copy;
}

/** A store in which some files are not what was written. */
class ChangedStore extends ForwardingStore {
  readonly #changed = new Map<string, Uint8Array>();

  /** Has `bytes` stand under a name. */
  change(ref: ObjectRef, bytes: Uint8Array): void {
    this.#changed.set(formatObjectRef(ref), bytes);
  }

  /** Changes one byte of a pack. */
  async flip(name: ObjectId, at: number): Promise<void> {
    const bytes = Buffer.from(await this.read({ type: 'data', name }));
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    this.change({ type: 'data', name }, bytes);
  }

  override async list(type: ObjectType): Promise<readonly ObjectInfo[]> {
    const infos = await super.list(type);
    return infos.map(({ name, size }) => ({
      name,
      size: this.#changed.get(`${type}/${name}`)?.length ?? size,
    }));
  }

  override async read(ref: ObjectRef, options: ReadOptions = {}): Promise<Bytes> {
    const changed = this.#changed.get(formatObjectRef(ref));
    if (changed === undefined) return await super.read(ref, options);
    const { offset = 0, length = changed.length } = options.range ?? {};
    return new Uint8Array(changed.subarray(offset, offset + length));
  }
}
