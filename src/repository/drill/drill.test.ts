import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { HoldfastError, isHoldfastError } from '../../base/index.ts';
import { lstat } from '../../files/index.ts';
import { MemoryStore, type ObjectId, type ObjectRef, type ReadOptions } from '../../storage/index.ts';
import type { TreeNode } from '../format/tree-node.ts';
import { openRepository } from '../open-repository.ts';
import type { Repository } from '../repository.ts';
import {
  createSample,
  dataBlob,
  fileNode,
  folderNode,
  type SampleBlob,
  samplePassword,
  treeBlob,
  writePack,
  writeSnapshot,
} from '../sample-repository.fixture.ts';
import type { StoredSnapshot } from '../stored-snapshots.ts';
import { type DrillSummary, drill } from './drill.ts';

const [hello, world] = [dataBlob('hello '.repeat(50)), dataBlob('world '.repeat(70))];
const laterNs = 10_000_000_000n;

let top: string;
let repository: Repository;
let store: MemoryStore;
beforeEach(async () => {
  top = mkdtempSync(join(tmpdir(), 'holdfast-drill-'));
  ({ repository, store } = await createSample());
});
afterEach(() => rmSync(top, { recursive: true }));

/** A file on disk as a snapshot has it. */
function asOnDisk(name: string, ...content: readonly SampleBlob[]): TreeNode {
  const { mtimeNs, ctimeNs, size } = lstat(Buffer.from(join(top, name)));
  return { ...fileNode(name, ...content), mtimeNs, ctimeNs, size };
}

/** A snapshot of these files in the folder of the test, made some seconds later; the packs of files and of folders. */
async function snapshotOf(
  ...nodes: readonly TreeNode[]
): Promise<{ snapshot: StoredSnapshot; packs: ObjectId[] }> {
  let tree = treeBlob(...nodes);
  const trees = [tree];
  for (const name of top.split('/').filter(Boolean).toReversed())
    trees.push((tree = treeBlob(folderNode(name, tree))));
  const packs = [await writePack(repository, hello, world), await writePack(repository, ...trees)];
  await repository.saveIndex(packs);
  const id = await writeSnapshot(repository, tree);
  const timeNs = BigInt(Date.now()) * 1_000_000n + laterNs;
  return {
    snapshot: { ...(await repository.findSnapshot(id)), timeNs },
    packs: packs.map((pack) => pack.id),
  };
}

const hold = (snapshot: StoredSnapshot, of: Repository = repository): Promise<DrillSummary> =>
  drill(of, snapshot, {
    seed: 1,
    size: { most: 1e9, share: 1 },
    directory: top,
    signal: new AbortController().signal,
  });

/** The same store, of which something cannot be read. */
class FailingStore extends MemoryStore {
  readonly #inner: MemoryStore;
  readonly #fails: (ref: ObjectRef) => HoldfastError | undefined;

  constructor(inner: MemoryStore, fails: (ref: ObjectRef) => HoldfastError | undefined) {
    super();
    this.#inner = inner;
    this.#fails = fails;
  }

  override list = (...said: Parameters<MemoryStore['list']>) => this.#inner.list(...said);

  override async read(ref: ObjectRef, options?: ReadOptions) {
    const failure = this.#fails(ref);
    if (failure !== undefined) throw failure;
    return await this.#inner.read(ref, options);
  }
}

async function failing(fails: (ref: ObjectRef) => HoldfastError | undefined): Promise<Repository> {
  return await openRepository(new FailingStore(store, fails), { key: { password: samplePassword } });
}

describe('a restore drill', () => {
  it('restores files, holds those against the disk that are as they were, and leaves nothing', async () => {
    writeFileSync(join(top, 'same'), Buffer.concat([hello.plaintext, world.plaintext]));
    writeFileSync(join(top, 'changed'), world.plaintext);
    const changed = { ...asOnDisk('changed', world), mtimeNs: 1n };
    const { snapshot } = await snapshotOf(changed, fileNode('gone', hello), asOnDisk('same', hello, world));
    const bytes = 2 * (hello.plaintext.length + world.plaintext.length);
    assert.deepEqual(await hold(snapshot), { files: 3, bytes, compared: 1, problems: [] });
    assert.deepEqual(readdirSync(top).toSorted(), ['changed', 'same']);
  });

  it('finds what is on disk and was not saved, though nothing says that it was changed', async () => {
    writeFileSync(
      join(top, 'file'),
      Buffer.concat([hello.plaintext, Buffer.alloc(world.plaintext.length, 'x')]),
    );
    const { snapshot } = await snapshotOf(asOnDisk('file', hello, world));
    const { problems, files } = await hold(snapshot);
    assert.equal(files, 0);
    assert.deepEqual(
      problems.map(({ kind, path, blob }) => [kind, path, blob]),
      [['different', join(top, 'file'), world.id]],
    );
  });

  it('compares nothing that was changed just before the snapshot', async () => {
    writeFileSync(join(top, 'file'), Buffer.alloc(hello.plaintext.length, 'x'));
    const { snapshot } = await snapshotOf(asOnDisk('file', hello));
    const { problems, compared } = await hold({ ...snapshot, timeNs: snapshot.timeNs - laterNs });
    assert.deepEqual([problems, compared], [[], 0]);
  });

  it('finds packs that are damaged or gone, each file by its name, and folders that cannot be read', async () => {
    const { snapshot, packs } = await snapshotOf(fileNode('a', hello), fileNode('b', world));
    const [data = '', trees = ''] = packs;
    const gone = await failing(({ type, name }: ObjectRef & { name?: string }) =>
      type === 'data' && name === data ? new HoldfastError('object_not_found', 'it is not there') : undefined,
    );
    const lost = await hold(snapshot, gone);
    assert.deepEqual(lost.problems.map(({ kind, path, blob }) => `${kind} ${path} ${blob}`).toSorted(), [
      `damaged ${join(top, 'a')} ${hello.id}`,
      `damaged ${join(top, 'b')} ${world.id}`,
    ]);
    assert.match(lost.problems[0]?.message ?? '', new RegExp(`^pack ${data}: it is not there`));
    const unread = await failing(({ type, name }: ObjectRef & { name?: string }) =>
      type === 'data' && name === trees ? new HoldfastError('object_corrupt', 'it is damaged') : undefined,
    );
    const [problem, ...more] = (await hold(snapshot, unread)).problems;
    assert.deepEqual([problem?.kind, problem?.path, more], ['damaged', '/', []]);
  });

  it('looks once more at what seems damaged, since others may have moved it', async () => {
    const { snapshot, packs } = await snapshotOf(fileNode('a', hello));
    let isMoved = false;
    const moving = await failing(({ type, name }: ObjectRef & { name?: string }) => {
      if (type !== 'data' || name !== packs[0] || isMoved) return undefined;
      isMoved = true;
      return new HoldfastError('object_not_found', 'it is not there');
    });
    assert.deepEqual((await hold(snapshot, moving)).problems, []);
  });

  it('says nothing of files where the way to the store is lost, or the snapshot was forgotten', async () => {
    const { snapshot } = await snapshotOf(fileNode('a', hello));
    const away = await failing(({ type }) =>
      type === 'data' ? new HoldfastError('connection_lost', 'nobody answers') : undefined,
    );
    await assert.rejects(hold(snapshot, away), (error) => isHoldfastError(error, 'connection_lost'));
    await store.remove({ type: 'snapshots', name: snapshot.id });
    const gone = await failing(({ type }) =>
      type === 'data' ? new HoldfastError('object_not_found', 'gone') : undefined,
    );
    await assert.rejects(hold(snapshot, gone), (error) => isHoldfastError(error, 'snapshot_not_found'));
  });

  it('proves nothing by a snapshot without content', async () => {
    const { snapshot } = await snapshotOf(fileNode('empty'));
    assert.deepEqual(await hold(snapshot), { files: 0, bytes: 0, compared: 0, problems: [] });
  });
});
