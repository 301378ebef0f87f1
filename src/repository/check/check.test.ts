import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bytes } from '../../base/index.ts';
import { MemoryStore, type ObjectId, type ObjectRef } from '../../storage/index.ts';
import { type BlobId, idOf, type PackContents } from '../format/blob.ts';
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
import { type CheckOptions, check } from './check.ts';

const [hello, world] = [dataBlob('hello '.repeat(50)), dataBlob('world '.repeat(70))];
const inner = treeBlob(fileNode('b', hello), fileNode('c', world));
const root = treeBlob(fileNode('a', hello, world), folderNode('dir', inner));

interface Sample {
  readonly repository: Repository;
  readonly store: MemoryStore;
  readonly data: PackContents;
  readonly trees: PackContents;
  readonly snapshot: ObjectId;
}

async function soundSample(): Promise<Sample> {
  const { repository, store } = await createSample();
  const [data, trees] = [await writePack(repository, hello, world), await writePack(repository, inner, root)];
  await repository.saveIndex([data, trees]);
  return { repository, store, data, trees, snapshot: await writeSnapshot(repository, root) };
}

async function problemsOf(repository: Repository, options: CheckOptions = {}): Promise<string[]> {
  const problems: string[] = [];
  const summary = await check(repository, {
    ...options,
    onProblem: ({ kind, message }) => problems.push(`${kind}: ${message}`),
  });
  assert.equal(summary.errors + summary.hints, problems.length);
  return problems;
}

/** The same repository with one file's bytes changed, as a failing disk does it. */
async function withChange(
  store: MemoryStore,
  ref: ObjectRef,
  change: (bytes: Bytes) => Bytes,
): Promise<Repository> {
  const changed = new ChangedStore(store, ref, change(Uint8Array.from(await store.read(ref))));
  return openRepository(changed, { key: { password: samplePassword } });
}

class ChangedStore extends MemoryStore {
  readonly #inner: MemoryStore;
  readonly #changed: string;
  readonly #copy = new MemoryStore();
  readonly #bytes: Bytes;

  constructor(inner: MemoryStore, ref: ObjectRef, bytes: Bytes) {
    super();
    this.#inner = inner;
    this.#changed = JSON.stringify(ref);
    this.#bytes = bytes;
  }

  override async list(...[type, options]: Parameters<MemoryStore['list']>) {
    const infos = await this.#inner.list(type, options);
    const isChanged = (name: ObjectId): boolean => JSON.stringify({ type, name }) === this.#changed;
    return infos.map((info) => (isChanged(info.name) ? { ...info, size: this.#bytes.length } : info));
  }

  override async read(...[ref, options]: Parameters<MemoryStore['read']>): Promise<Bytes> {
    if (JSON.stringify(ref) !== this.#changed) return this.#inner.read(ref, options);
    // A store of its own, under the one name that is not checked, so that ranges are answered as always.
    await this.#copy.write({ type: 'config' }, [this.#bytes], { size: this.#bytes.length });
    return this.#copy.read({ type: 'config' }, options);
  }

  override async write(...args: Parameters<MemoryStore['write']>): Promise<void> {
    await this.#inner.write(...args);
  }

  override async remove(...args: Parameters<MemoryStore['remove']>): Promise<void> {
    await this.#inner.remove(...args);
  }
}

/** Four digits that differ. */
function noise(seed: number): string {
  return String(7919 * (seed + 1))
    .padStart(4, '0')
    .slice(0, 4);
}

function flip(at: number): (bytes: Bytes) => Bytes {
  return (bytes) =>
    bytes.map((byte, index) => (index === (at < 0 ? bytes.length + at : at) ? byte ^ 1 : byte));
}

test('a sound repository has no problems, and is counted', async () => {
  const { repository } = await soundSample();
  const progress: number[] = [];
  const summary = await check(repository, {
    readData: true,
    onProgress: ({ bytes }) => progress.push(bytes),
  });
  const { bytesRead, ...counts } = summary;
  assert.deepEqual(counts, {
    snapshots: 1,
    packs: 2,
    blobs: 4,
    trees: 2,
    files: 3,
    damagedPacks: [],
    errors: 0,
    hints: 0,
  });
  assert.equal(progress.at(-1), bytesRead);
  assert.deepEqual(await repository.files.list('locks'), []);
});

test('one flipped byte in a pack is named with every file it costs, and nothing else is', async () => {
  const { store, data, snapshot } = await soundSample();
  const repository = await withChange(
    store,
    { type: 'data', name: data.id },
    flip((data.blobs[1]?.offset ?? 0) + 20),
  );
  assert.deepEqual(await problemsOf(repository), []);
  const short = snapshot.slice(0, 8);
  const problems = await problemsOf(repository, { readData: true });
  assert.equal(problems.length, 4);
  assert.match(
    problems[0] ?? '',
    new RegExp(`error: pack ${data.id}: data blob ${world.id} does not authenticate`),
  );
  assert.match(
    problems[1] ?? '',
    new RegExp(`error: pack ${data.id}: its bytes are not those that were written`),
  );
  assert.deepEqual(problems.slice(2), [
    `error: file /a in snapshot ${short}: 1 of 2 parts are lost, the first is blob ${world.id}`,
    `error: file /dir/c in snapshot ${short}: 1 of 1 parts are lost, the first is blob ${world.id}`,
  ]);
});

for (const { what, at } of [
  { what: 'header', at: -30 },
  { what: 'length of the header', at: -1 },
]) {
  test(`a flipped byte in the ${what} of a pack is found, and costs no file`, async () => {
    const { store, data } = await soundSample();
    const repository = await withChange(store, { type: 'data', name: data.id }, flip(at));
    const problems = await problemsOf(repository, { readData: true });
    assert.equal(problems.length, 2);
    assert.ok(
      problems.every((problem) => problem.startsWith(`error: pack ${data.id}: its `)),
      problems.join('\n'),
    );
  });
}

test('a pack that is read in many pieces is checked to its end, around what the index does not know', async () => {
  const { repository, store } = await createSample();
  const texts = [1, 3e6, 5e6, 3e6, 2].map((length, at) => dataBlob(noise(at).repeat(length / 4 + 1)));
  const whole = await writePack(repository, ...texts);
  const tree = treeBlob(fileNode('a', ...texts.filter((_, at) => at !== 1)));
  const index = [{ ...whole, blobs: whole.blobs.filter((_, at) => at !== 1) }];
  await repository.saveIndex([...index, await writePack(repository, tree)]);
  await writeSnapshot(repository, tree);
  const [gap, ...others] = await problemsOf(repository, { readData: true });
  assert.match(gap ?? '', /has \d+ bytes, its blobs and header need/);
  assert.deepEqual(
    others.map((problem) => problem.replace(/^.*?pack \w+: /, '').replace(/ \w{64}/, '')),
    [
      `the index knows no blob in the ${whole.blobs[1]?.length} bytes before data blob`,
      'its header lists 5 blobs, the index 4',
      ...[1, 2, 3].map(() => 'its header and the index differ on data blob'),
    ],
  );
  const at = (whole.blobs[4]?.offset ?? 0) + 20;
  const changed = await withChange(store, { type: 'data', name: whole.id }, flip(at));
  const problems = await problemsOf(changed, { readData: true });
  assert.ok(problems.some((problem) => problem.includes(`data blob ${texts[4]?.id} does not authenticate`)));
  assert.ok(problems.some((problem) => problem.includes('its bytes are not those that were written')));
});

test('a pack that is cut short is found without reading it, with the files that it costs', async () => {
  const { store, data } = await soundSample();
  const end = (data.blobs[1]?.offset ?? 0) + 10;
  const repository = await withChange(store, { type: 'data', name: data.id }, (bytes) =>
    bytes.subarray(0, end),
  );
  const problems = await problemsOf(repository);
  assert.match(problems[0] ?? '', /^error: pack .* has \d+ bytes, its blobs and header need \d+$/);
  assert.equal(problems.length, 3);
  const read = await problemsOf(repository, { readData: true });
  assert.ok(read.some((problem) => problem.includes(`it ends before data blob ${world.id} does`)));
});

test('a missing pack is named, and so are the files in it', async () => {
  const { repository, store, data } = await soundSample();
  await store.remove({ type: 'data', name: data.id });
  const problems = await problemsOf(repository, { readData: true });
  assert.equal(problems[0], `error: pack ${data.id} is missing`);
  assert.equal(problems.length, 4);
});

test('a folder whose pack is missing is named, and the check goes on', async () => {
  const { repository, store, data, snapshot } = await soundSample();
  for (const { name } of await store.list('index')) await store.remove({ type: 'index', name });
  await repository.saveIndex([data, await writePack(repository, root)]);
  const problems = await problemsOf(repository);
  const where = `folder /dir in snapshot ${snapshot.slice(0, 8)}`;
  assert.deepEqual(
    problems.filter((problem) => problem.startsWith('error')),
    [`error: ${where}: tree blob ${inner.id} is in no index`],
  );
  assert.equal(problems.filter((problem) => problem.startsWith('hint')).length, 1);
});

test('damaged keys, snapshots and indexes are all named in one run, an index as a hint while others list every pack', async () => {
  const { repository, store } = await soundSample();
  const junk = Buffer.alloc(100, 7);
  for (const type of ['keys', 'snapshots', 'index'] as const) {
    await store.write({ type, name: idOf(junk) }, [junk], { size: junk.length });
  }
  const problems = await problemsOf(repository);
  assert.deepEqual(
    problems.map((problem) => problem.split(' ', 2).join(' ')),
    ['error: key', 'error: snapshot', 'hint: index'],
  );
  assert.ok(problems.every((problem) => problem.includes(idOf(junk))));
});

test('what is only untidy is a hint', async () => {
  const { repository, data } = await soundSample();
  const unindexed = await writePack(repository, dataBlob('nobody needs this'));
  const mixed = await writePack(repository, dataBlob('mixed'), treeBlob(fileNode('x')));
  const again = await repository.saveIndex([data, mixed]);
  assert.deepEqual(
    (await problemsOf(repository, { readData: true })).sort(),
    [
      `hint: index ${again} lists pack ${data.id}, as another one does`,
      `hint: pack ${mixed.id} holds both directories and file contents`,
      `hint: pack ${unindexed.id} is in no index`,
    ].sort(),
  );
});

test('an index that places blobs where they are not is found', async () => {
  const { repository, store, data, trees } = await soundSample();
  for (const { name } of await store.list('index')) await store.remove({ type: 'index', name });
  const [first, second] = data.blobs;
  assert.ok(first && second);
  const shifted = { ...second, offset: second.offset - 1 };
  await repository.saveIndex([{ id: data.id, blobs: [first, shifted] }, trees]);
  const problems = await problemsOf(repository, { readData: true });
  assert.ok(
    problems.some((problem) => problem.includes(`begin at ${shifted.offset}, within the one before`)),
    problems.join('\n'),
  );
  assert.ok(problems.some((problem) => problem.startsWith('error: file /dir/c ')));
});

test('a tree with an unknown type, a file without content and names out of order is reported node by node', async () => {
  const { repository } = await createSample();
  const nodes = ['z', 'y'].map((name) => ({ name, type: 'file', content: [] as BlobId[] }));
  const odd = [
    { name: 'irregular', type: 'irregular' },
    { name: 'null', type: 'file', content: null },
    ...nodes,
  ];
  const plaintext = Buffer.from(JSON.stringify({ nodes: odd }));
  const tree: SampleBlob = { type: 'tree', plaintext, id: idOf(plaintext) };
  await repository.saveIndex([await writePack(repository, tree)]);
  await writeSnapshot(repository, tree);
  const problems = await problemsOf(repository);
  assert.equal(problems.length, 3);
  for (const words of ['unknown type "irregular"', 'file "null" has no proper list', '"y" is out of order']) {
    assert.ok(
      problems.some((problem) => problem.includes(words)),
      words,
    );
  }
});

test('a check waits for nobody who shares, and does not begin beside one who is alone', async () => {
  const { repository } = await soundSample();
  {
    await using shared = await repository.lock();
    assert.deepEqual(await problemsOf(repository), []);
    assert.equal(shared.lost.aborted, false);
  }
  await using alone = await repository.lock({ exclusive: true });
  await assert.rejects(check(repository), /exclusively locked/);
  assert.equal(alone.lost.aborted, false);
});
