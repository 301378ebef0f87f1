import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isHoldfastError, Secret } from '../../base/index.ts';
import {
  AppendOnlyStore,
  ForwardingStore,
  MemoryStore,
  type ObjectBody,
  type ObjectRef,
  type ObjectStore,
  type WriteOptions,
} from '../../storage/index.ts';
import { check } from '../check/check.ts';
import { generateMasterKey } from '../format/unit.ts';
import { initRepository } from '../init-repository.ts';
import { nodeAtPath } from '../node-at-path.ts';
import { openRepository } from '../open-repository.ts';
import { Repository } from '../repository.ts';
import {
  cheapCost,
  createSample,
  dataBlob,
  fileNode,
  folderNode,
  samplePassword,
  treeBlob,
  writePack,
  writeSnapshot,
} from '../sample-repository.fixture.ts';
import { type CopyOptions, copySnapshots } from './copy-snapshots.ts';

const common = dataBlob('in both '.repeat(800));
const first = dataBlob('one '.repeat(900));
const second = dataBlob('two '.repeat(900));
const secret = dataBlob('key');
const inner = treeBlob(fileNode('a', common), fileNode('b', first));
const etc = treeBlob(fileNode('hosts', common), folderNode('inner', inner));
const home = treeBlob(fileNode('secret', secret));
const before = treeBlob(folderNode('etc', etc), folderNode('home', home));
const later = treeBlob(fileNode('c', second), folderNode('home', home));

/** Two snapshots that share some of what they need. */
async function source(store: ObjectStore = new MemoryStore('source')): Promise<Repository> {
  const made = await initRepository(store, { password: samplePassword, cost: cheapCost });
  await made.saveIndex([
    await writePack(made, common, first, secret, second),
    await writePack(made, inner, etc, home, before, later),
  ]);
  await writeSnapshot(made, before, { timeNs: 1n, hostname: 'h', paths: ['/etc', '/home'], tags: ['x'] });
  await writeSnapshot(made, later, { timeNs: 2n, hostname: 'h' });
  return await openRepository(store, { key: { password: samplePassword } });
}

const reopen = (store: ObjectStore): Promise<Repository> =>
  openRepository(store, { key: { password: samplePassword } });

async function copyAll(from: Repository, to: Repository, more: Partial<CopyOptions> = {}) {
  return await copySnapshots({ from, to, snapshots: await from.snapshots(), ...more });
}

async function assertWhole(store: ObjectStore, snapshots: number): Promise<void> {
  const problems: string[] = [];
  const onProblem = ({ kind, message }: { readonly kind: string; readonly message: string }): void => {
    if (kind === 'error') problems.push(message);
  };
  const summary = await check(await reopen(store), { readData: true, onProblem });
  assert.deepEqual([problems, summary.snapshots], [[], snapshots]);
}

/** Fails at its nth write, and at all that follow, and counts what was written. */
class FailingStore extends ForwardingStore {
  writes = 0;
  failAt = Infinity;

  override async write(ref: ObjectRef, body: ObjectBody, options: WriteOptions): Promise<void> {
    if (++this.writes >= this.failAt) throw new Error('cut off');
    await super.write(ref, body, options);
  }
}

describe('copying snapshots', () => {
  it('takes all that they need and their words along, and nothing twice', async () => {
    const from = await source();
    const { repository: to, store } = await createSample();
    const { snapshots, blobs } = await copyAll(from, to);
    assert.deepEqual([snapshots.map(({ outcome }) => outcome), blobs], [['copied', 'copied'], 9]);
    await assertWhole(store, 2);
    const [copy] = await to.snapshots();
    const [own] = await from.snapshots();
    assert.deepEqual([copy?.original, copy?.tags, copy?.paths], [own?.id, ['x'], ['/etc', '/home']]);
    const again = await copyAll(from, await reopen(store));
    assert.deepEqual(
      [again.blobs, again.snapshots.map(({ outcome, id }) => [outcome, id])],
      [0, snapshots.map(({ id }) => ['present', id])],
    );
    assert.equal((await store.list('locks')).length, 0);
    const { repository: third } = await createSample();
    await copyAll(to, third);
    assert.equal((await third.snapshots())[0]?.original, own?.id, 'of the first of which it is a copy');
  });

  it('of one path has nothing beside it, whether it is a folder or a file', async () => {
    const from = await source();
    for (const [path, blobs] of [
      ['/etc/inner/', 5],
      ['/etc/hosts', 3],
      ['/c', 2],
      ['/', 9],
    ] as const) {
      const { repository: to, store } = await createSample();
      const { snapshots } = await copyAll(from, to, { subtree: Buffer.from(path) });
      const isWhole = path === '/';
      assert.equal(snapshots.filter(({ outcome }) => outcome === 'copied').length, isWhole ? 2 : 1, path);
      await assertWhole(store, isWhole ? 2 : 1);
      assert.equal((await to.loadIndex()).size, blobs, path);
      const [copy] = await to.snapshots();
      if (!isWhole) assert.deepEqual(copy?.paths, [path.replace(/\/$/, '')]);
      const read = async (id: Parameters<Repository['readTree']>[0]) => to.readTree(id);
      assert.ok((await nodeAtPath(read, copy?.tree ?? before.id, Buffer.from(path))) || isWhole);
      const again = await copyAll(from, to, { subtree: Buffer.from(path) });
      assert.ok(again.snapshots.every(({ outcome }) => outcome !== 'copied'));
    }
    const { repository: to } = await createSample();
    const { snapshots } = await copyAll(from, to, { subtree: Buffer.from('/etc/hosts/below') });
    assert.deepEqual(
      snapshots.map(({ outcome }) => outcome),
      ['absent', 'absent'],
    );
  });

  it('leaves a whole repository wherever it is cut off, and goes on from there', async () => {
    const from = await source();
    for (let failAt = 1; ; failAt++) {
      const { repository: made, store } = await createSample();
      const to = made.through((inside) => Object.assign(new FailingStore(inside), { failAt }));
      const done = await copyAll(from, to).then(
        () => true,
        () => false,
      );
      await assertWhole(store, (await store.list('snapshots')).length);
      const packs = (await store.list('data')).length;
      const counted = new FailingStore(store);
      const { snapshots } = await copyAll(from, await reopen(counted));
      await assertWhole(store, 2);
      assert.equal(snapshots.length, 2);
      if (packs === 2) assert.equal((await store.list('data')).length, 2, 'no pack is sent again');
      if (done) break;
      assert.ok(failAt < 20);
    }
  });

  it('stops at what is damaged and names it, with nothing that needs it stored', async () => {
    const store = new MemoryStore('source');
    const from = await source(store);
    const [pack] = (await from.loadIndex()).locate('data', first.id);
    const name = pack?.pack ?? assert.fail();
    const bytes = await store.read({ type: 'data', name });
    const at = (pack?.offset ?? 0) + 20;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    const damaged = new (class extends ForwardingStore {
      override async read(...[ref, options]: Parameters<ObjectStore['read']>) {
        if (ref.type !== 'data' || ref.name !== name) return await super.read(ref, options);
        const { offset, length = bytes.length } = options?.range ?? { offset: 0 };
        return bytes.slice(offset, offset + length);
      }
    })(store);
    const { repository: to, store: there } = await createSample();
    await assert.rejects(copyAll(await reopen(damaged), to), (error) => {
      assert.ok(isHoldfastError(error, 'repository_damaged'));
      assert.match(error.message, new RegExp(`pack ${name}.*data blob ${first.id}`));
      return true;
    });
    assert.deepEqual(await there.list('snapshots'), []);
    assert.deepEqual(await there.list('locks'), []);
  });

  it('refuses one repository as both', async () => {
    const from = await source();
    await assert.rejects(copyAll(from, from), { code: 'repository_same' });
  });

  it('reads a source that may not be written to, and waits for one that somebody holds', async () => {
    const store = new MemoryStore('source');
    await source(store);
    const readOnly = new FailingStore(store);
    const refused = Object.assign(readOnly, {
      write: async () => new AppendOnlyStore(store).remove({ type: 'config' }),
    });
    const { repository: to } = await createSample();
    assert.equal((await copyAll(await reopen(refused), to)).blobs, 9);
    const from = await reopen(store);
    await using _held = await from.lock({ exclusive: true });
    await assert.rejects(copyAll(from, to), { code: 'repository_locked' });
  });

  it('compresses for a newer format, and does not for an older one', async () => {
    const versions = [1, 2] as const;
    for (const [here, there] of [versions, versions.toReversed() as [2, 1]]) {
      const of = (store: ObjectStore, version: 1 | 2, id: string): Repository =>
        new Repository({
          store,
          config: { id, version, polynomial: 1n },
          masterKey: new Secret(generateMasterKey()),
        });
      const from = of(new MemoryStore(), here, 'a');
      const packs = await packsOf(from, here);
      await from.saveIndex(packs);
      await writeSnapshot(from, later);
      const to = of(new MemoryStore(), there, 'b');
      await copyAll(from, to);
      const index = await to.loadIndex();
      const [content] = index.locate('data', second.id);
      assert.equal(content?.plainLength !== undefined, there === 2);
      assert.deepEqual(Buffer.from(await to.readBlob('data', second.id)), second.plaintext);
    }
  });
});

/** Version 1 knows no compression. */
async function packsOf(repository: Repository, version: 1 | 2) {
  if (version === 2) return [await writePack(repository, second, secret, later, home)];
  // Every second content is not compressed.
  const plain = await Promise.all(
    [second, secret].map(async (blob) => writePack(repository, dataBlob(`filler ${blob.id}`), blob)),
  );
  return [...plain, await writePack(repository, later, home)];
}
