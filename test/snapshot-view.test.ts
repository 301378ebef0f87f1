import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../src/base/index.ts';
import { openView, type View } from '../src/mount/tree/open-view.ts';
import { inodeOf, type ViewEntry } from '../src/mount/tree/view.ts';
import { Repository } from '../src/repository/repository.ts';
import {
  createSample,
  dataBlob,
  fileNode,
  folderNode,
  treeBlob,
  writePack,
  writeSnapshot,
} from '../src/repository/sample-repository.fixture.ts';

const day = 86_400_000_000_000n;
const first = 1_700_000_000_000_000_000n;

/** What is at a path of a view. */
async function at(view: View, path: string): Promise<ViewEntry | undefined> {
  let found: ViewEntry | undefined;
  let folder = view.root;
  for (const name of path.split('/')) {
    found = await folder.find(Buffer.from(name));
    if (found?.open !== undefined) folder = found.open();
  }
  return found;
}

async function names(view: View, path: string): Promise<string[]> {
  const folder = path === '' ? view.root : (await at(view, path))?.open?.();
  return Array.from((await folder?.list()) ?? [], ({ name }) => Buffer.from(name).toString());
}

describe('a view of a repository', () => {
  const content = [dataBlob('one '), dataBlob('two '), dataBlob('three')] as const;
  const linked = { ...fileNode('a', ...content), links: 2, inode: 7n };
  const inside = treeBlob(linked, { ...linked, name: Buffer.from('b') }, fileNode('empty'));
  const tree = treeBlob(folderNode('folder', inside));

  const make = async () => {
    const { repository: made, store } = await createSample();
    await made.saveIndex([await writePack(made, ...content, inside, tree)]);
    const clock = new ManualClock(Number(first / 1_000_000n) + 100 * 86_400_000);
    const { id, version, polynomial, masterKey } = made;
    const repository = new Repository({ store, config: { id, version, polynomial }, masterKey, clock });
    const problems: unknown[] = [];
    const open = () =>
      openView(repository, {
        filter: {},
        signal: new AbortController().signal,
        onProblem: (error) => problems.push(error),
      });
    return { repository, store, clock, problems, open };
  };

  it('names snapshots by time in the zone of their machine, and twins by a number', async () => {
    const { repository, open } = await make();
    const at90 = { zoneMinutes: 90, hostname: 'h', tags: ['a/b', '..', ''] };
    await writeSnapshot(repository, tree, { timeNs: first, ...at90 });
    await writeSnapshot(repository, tree, { timeNs: first + 1n, ...at90 });
    await writeSnapshot(repository, tree, { timeNs: first + day, zoneMinutes: 0 });
    const view = await open();
    const time = '2023-11-14T23:43:20+01:30';
    assert.deepEqual(await names(view, 'snapshots'), [time, `${time}-1`, '2023-11-15T22:13:20Z', 'latest']);
    assert.deepEqual(await names(view, 'hosts/h'), [time, `${time}-1`, 'latest']);
    assert.deepEqual(await names(view, 'tags'), ['a_b', '__', '_']);
    assert.equal(
      Buffer.from((await at(view, 'hosts/h/latest'))?.node.linkTarget ?? '').toString(),
      `${time}-1`,
    );
  });

  it('gives any part of a file, and names of one file one number, in each snapshot another', async () => {
    const { repository, open } = await make();
    for (const days of [0n, 1n])
      await writeSnapshot(repository, tree, { timeNs: first + days * day, zoneMinutes: 0 });
    const view = await open();
    const file = (await at(view, 'snapshots/2023-11-14T22:13:20Z/folder/a')) ?? assert.fail();
    const read = async (offset: number, length: number): Promise<string> =>
      Buffer.concat(await view.content.read(file.node, offset, length)).toString();
    assert.equal(view.content.sizeOf(file.node), 13);
    assert.deepEqual(
      [await read(0, 100), await read(2, 4), await read(7, 1), await read(12, 9), await read(13, 1)],
      ['one two three', 'e tw', ' ', 'e', ''],
    );
    const twin = await at(view, 'snapshots/2023-11-14T22:13:20Z/folder/b');
    const later = await at(view, 'snapshots/2023-11-15T22:13:20Z/folder/a');
    assert.equal(twin?.inode, file.inode);
    assert.notEqual(later?.inode, file.inode);
  });

  it('looks for new snapshots at most every five seconds, and keeps what it has when it cannot', async () => {
    const { repository, store, clock, problems, open } = await make();
    const view = await open();
    assert.deepEqual(await names(view, 'ids'), []);
    const later = dataBlob('written later');
    const changed = treeBlob(fileNode('later', later));
    await repository.saveIndex([await writePack(repository, later, changed)]);
    const id = await writeSnapshot(repository, changed, { timeNs: first, zoneMinutes: 0 });
    clock.advance(4_000);
    assert.deepEqual(await names(view, 'ids'), []);
    clock.advance(2_000);
    assert.deepEqual(await names(view, 'ids'), [id.slice(0, 8)]);
    assert.deepEqual(await names(view, `ids/${id.slice(0, 8)}`), ['later']);
    const list = store.list.bind(store);
    store.list = () => Promise.reject(new Error('no line'));
    clock.advance(10_000);
    assert.deepEqual(await names(view, 'ids'), [id.slice(0, 8)]);
    assert.equal(problems.length, 1);
    store.list = list;
    await store.remove({ type: 'snapshots', name: id });
    clock.advance(10_000);
    assert.deepEqual(await names(view, 'ids'), []);
  });

  it('gives names numbers that are not alike', () => {
    const seen = new Set<number>();
    for (let count = 0; count < 100_000; count++) seen.add(inodeOf(count % 7, Buffer.from(`name ${count}`)));
    assert.equal(seen.size, 100_000);
    assert.ok([...seen].every(Number.isSafeInteger));
  });
});
