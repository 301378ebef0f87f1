import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { HoldfastError, isHoldfastError, systemClock } from '../../base/index.ts';
import { type MemoryStore, type ObjectId, type ObjectStore, objectTypes } from '../../storage/index.ts';
import { idOf } from '../format/blob.ts';
import { newConfig, type RepositoryConfig } from '../format/config.ts';
import { Repository } from '../repository.ts';
import { verify } from '../restore/verify.ts';
import { createSample } from '../sample-repository.fixture.ts';
import { archive } from './archive.ts';
import type { ArchiveOptions, ArchiveSummary } from './archive-options.ts';

let top: string;
let store: MemoryStore;
let repository: Repository;
beforeEach(async () => {
  top = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-archive-')));
  ({ repository, store } = await createSample());
});
afterEach(() => rmSync(top, { recursive: true }));

test('everything in a folder is saved as it is', async () => {
  writeFileSync(join(top, 'empty'), '');
  writeFileSync(join(top, 'text'), 'some text '.repeat(1000));
  writeFileSync(join(top, 'random'), randomBytes(3_000_000));
  mkdirSync(join(top, 'folder/deep'), { recursive: true });
  for (let n = 0; n < 300; n++) writeFileSync(join(top, 'folder', `file-${n}`), `content of ${n % 200}`);
  linkSync(join(top, 'text'), join(top, 'folder/hard'));
  symlinkSync('nowhere', join(top, 'link'));
  const summary = await save();
  assert.equal(summary.filesNew, 304);
  assert.equal(summary.unreadable, 0);
  await assertSaved(summary, 304);
});

test('a file several times as long as what is in memory of it is saved as it is', async () => {
  const size = 80 * 2 ** 20;
  // One half compresses, the other does not, so that packs fill at different speeds.
  writeFileSync(join(top, 'large'), Buffer.concat([randomBytes(size / 2), Buffer.alloc(size / 2, 'abc')]));
  const summary = await save();
  assert.equal(summary.bytesProcessed, size);
  await assertSaved(summary, 1);
});

test('what has not changed is neither read nor stored again', async () => {
  writeFileSync(join(top, 'one'), randomBytes(1000));
  writeFileSync(join(top, 'two'), randomBytes(1000));
  const first = await save();
  const second = await save();
  assert.equal(second.parent, first.snapshotId);
  assert.equal(second.filesUnmodified, 2);
  assert.equal(second.dataBlobs, 0);
  await assertSaved(second, 2);
});

test('only what has changed is read again', async () => {
  writeFileSync(join(top, 'one'), 'first');
  writeFileSync(join(top, 'two'), 'second');
  await save();
  writeFileSync(join(top, 'two'), 'third time');
  writeFileSync(join(top, 'new'), 'fourth');
  const { filesNew, filesChanged, filesUnmodified, dataBlobs, ...summary } = await save();
  assert.deepEqual(
    { filesNew, filesChanged, filesUnmodified, dataBlobs },
    {
      filesNew: 1,
      filesChanged: 1,
      filesUnmodified: 1,
      dataBlobs: 2,
    },
  );
  await assertSaved({ ...summary, filesNew, filesChanged, filesUnmodified, dataBlobs }, 3);
});

test('the same content is stored once, however many files have it', async () => {
  const content = randomBytes(100_000);
  for (let n = 0; n < 50; n++) writeFileSync(join(top, `copy-${n}`), content);
  const summary = await save();
  assert.equal(summary.dataBlobs, 1);
  await assertSaved(summary, 50);
});

test('a set of known blobs that fills up grows while the backup runs', async () => {
  // More than the set has room for at first, in small files of their own content.
  for (let n = 0; n < 20_000; n++) writeFileSync(join(top, `${n}`), `${n}`);
  const summary = await save();
  assert.equal(summary.dataBlobs, 20_000);
  const index = await repository.loadIndex();
  assert.ok(index.size >= 20_000);
  assert.equal((await save()).dataBlobs, 0);
});

test('a path that is not there is reported, and the rest is saved', async () => {
  writeFileSync(join(top, 'there'), 'x');
  const unreadable: string[] = [];
  const paths = [Buffer.from(join(top, 'there')), Buffer.from(join(top, 'gone'))];
  const summary = await save({ paths, onUnreadable: (path) => unreadable.push(path) });
  assert.deepEqual(unreadable, [join(top, 'gone')]);
  assert.equal(summary.unreadable, 1);
  await assertSaved(summary, 1);
});

test('forbidden directories are left out and named', async () => {
  mkdirSync(join(top, 'home'));
  writeFileSync(join(top, 'home/secret'), 'x');
  writeFileSync(join(top, 'file'), 'y');
  const skipped: string[] = [];
  const forbidden = [Buffer.from(join(top, 'home'))];
  const summary = await save({ forbidden, onSkipped: (path) => skipped.push(path) });
  assert.deepEqual(skipped, [join(top, 'home')]);
  await assertSaved(summary, 1);
});

test('progress ends at all that was found', async () => {
  for (let n = 0; n < 10; n++) writeFileSync(join(top, `${n}`), randomBytes(1000 * n));
  let last: unknown;
  await save({ onProgress: (progress) => (last = progress) });
  assert.deepEqual(last, { files: 10, bytes: 45_000, totalFiles: 10, totalBytes: 45_000 });
});

test('aborted, it throws the reason and leaves no snapshot, index or lock', async () => {
  for (let n = 0; n < 500; n++) writeFileSync(join(top, `${n}`), randomBytes(100_000));
  const controller = new AbortController();
  const reason = new Error('enough');
  const running = save({ signal: controller.signal, onProgress: () => controller.abort(reason) });
  await assert.rejects(running, reason);
  assert.deepEqual(await names('snapshots', 'index', 'locks'), []);
});

test('a signal that is aborted before leaves everything as it was', async () => {
  writeFileSync(join(top, 'file'), 'x');
  await assert.rejects(save({ signal: AbortSignal.abort(new Error('enough')) }), /enough/);
  assert.deepEqual(await names('data', 'snapshots', 'index', 'locks'), []);
});

test('packs that arrived in a run without index or snapshot are used by the next one', async () => {
  writeFileSync(join(top, 'file'), randomBytes(3_000_000));
  await save();
  const packs = await names('data');
  for (const type of ['index', 'snapshots'] as const) {
    for (const { name } of await store.list(type)) await store.remove({ type, name });
  }
  const summary = await save();
  assert.equal(summary.filesNew, 1);
  assert.equal(summary.dataBlobs, 0);
  assert.deepEqual(
    (await names('data')).filter((name) => packs.includes(name)),
    packs,
  );
  await assertSaved(summary, 1);
});

test('what was in packs that indexes name and that are gone is stored again', async () => {
  writeFileSync(join(top, 'one'), randomBytes(1000));
  await save();
  for (const { name } of await store.list('data')) await store.remove({ type: 'data', name });
  writeFileSync(join(top, 'two'), randomBytes(1000));
  const second = await save();
  assert.equal(second.dataBlobs, 2);
  await assertSaved(second, 2);
});

test('a pack that is in no index and cannot be read is left alone', async () => {
  writeFileSync(join(top, 'file'), 'x');
  const body = randomBytes(1000);
  await store.write({ type: 'data', name: idOf(body) }, [body], { size: body.length });
  await assertSaved(await save(), 1);
});

test('when a tree of the parent is damaged its files are read again', async () => {
  mkdirSync(join(top, 'folder'));
  writeFileSync(join(top, 'folder/file'), 'x');
  const first = await save();
  const index = await repository.loadIndex();
  const trees = [...Array(index.size).keys()].filter((slot) => index.isTree(slot));
  for (const pack of new Set(trees.map((slot) => index.locationAt(slot).pack))) {
    await store.remove({ type: 'data', name: pack });
  }
  const second = await save();
  assert.equal(second.parent, first.snapshotId);
  assert.equal(second.filesNew + second.filesChanged, 1);
});

test('while somebody has locked the repository exclusively nothing is written', async () => {
  writeFileSync(join(top, 'file'), 'x');
  await using _lock = await repository.lock({ exclusive: true });
  await assert.rejects(save(), (error) => isHoldfastError(error, 'repository_locked'));
  assert.deepEqual(await names('data', 'index', 'snapshots'), []);
});

test('a repository of version 1 gets no compressed blobs', async () => {
  const config = { ...newConfig(), version: 1 as const };
  const old = new Repository({ store, config, masterKey: repository.masterKey, clock: systemClock });
  writeFileSync(join(top, 'file'), 'compressible '.repeat(10_000));
  const summary = await archive(old, { paths: [Buffer.from(top)] });
  const index = await old.loadIndex();
  for (let slot = 0; slot < index.size; slot++) assert.equal(index.locationAt(slot).plainLength, undefined);
  assert.equal((await verify(old, await old.findSnapshot(summary.snapshotId))).equal, true);
});

test('when the store fails the backup fails with its error, writes no snapshot, and can be run again', async () => {
  for (let n = 0; n < 20; n++) writeFileSync(join(top, `${n}`), randomBytes(2_000_000));
  const full = new HoldfastError('storage_full', 'no space left');
  let packs = 0;
  const first = Promise.withResolvers<void>();
  const failing: ObjectStore = Object.assign(Object.create(store) as MemoryStore, {
    write: async (...[ref, body, options]: Parameters<MemoryStore['write']>) => {
      if (ref.type === 'data' && ++packs > 1) {
        await first.promise;
        throw full;
      }
      await store.write(ref, body, options);
      if (ref.type === 'data') first.resolve();
    },
    list: store.list.bind(store),
    read: store.read.bind(store),
    remove: store.remove.bind(store),
  });
  const broken = new Repository({
    store: failing,
    config: configOf(repository),
    masterKey: repository.masterKey,
  });
  await assert.rejects(archive(broken, { paths: [Buffer.from(top)] }), full);
  assert.deepEqual(await names('snapshots', 'index', 'locks'), []);
  const arrived = await names('data');
  assert.equal(arrived.length, 1);
  await assertSaved(await save(), 20);
  assert.deepEqual(
    (await names('data')).filter((name) => arrived.includes(name)),
    arrived,
  );
});

test('an exception in a worker fails the backup with its cause', async () => {
  writeFileSync(join(top, 'file'), 'x');
  const config = { ...configOf(repository), polynomial: 'no polynomial' as unknown as bigint };
  const broken = new Repository({ store, config, masterKey: repository.masterKey });
  await assert.rejects(archive(broken, { paths: [Buffer.from(top)] }), TypeError);
  assert.deepEqual(await names('data', 'index', 'snapshots', 'locks'), []);
});

test('an exception in a callback fails the backup', async () => {
  writeFileSync(join(top, 'file'), 'x');
  const onProgress = (): void => {
    throw new Error('of the caller');
  };
  await assert.rejects(save({ onProgress }), /of the caller/);
  assert.deepEqual(await names('snapshots', 'locks'), []);
});

function configOf({ id, version, polynomial }: Repository): RepositoryConfig {
  return { id, version, polynomial };
}

async function save(options: Partial<ArchiveOptions> = {}): Promise<ArchiveSummary> {
  return archive(repository, { paths: [Buffer.from(top)], ...options });
}

/** Reads everything back and compares it with what is on disk. */
async function assertSaved({ snapshotId }: ArchiveSummary, files: number): Promise<void> {
  const found = await verify(repository, await repository.findSnapshot(snapshotId));
  assert.equal(found.equal, true);
  assert.equal(found.files, files);
}

async function names(...types: readonly (typeof objectTypes)[number][]): Promise<ObjectId[]> {
  const lists = await Promise.all(types.map((type) => store.list(type)));
  return lists.flat().map(({ name }) => name);
}
