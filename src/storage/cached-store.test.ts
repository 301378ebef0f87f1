import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Bytes } from '../base/index.ts';
import { CachedStore } from './cached-store.ts';
import { MemoryStore } from './memory-store.ts';
import { objectStoreContract, put, rejectsWith, sampleBytes } from './object-store.contract.ts';
import type { ObjectRef } from './object-store.ts';

interface Rig {
  readonly inner: CountingStore;
  readonly directory: string;
  readonly store: CachedStore;
}

async function open(t: TestContext, maxBytes = 1_000_000): Promise<Rig> {
  const parent = await mkdtemp(join(tmpdir(), 'holdfast-cache-'));
  t.after(() => rm(parent, { recursive: true, force: true }));
  const inner = new CountingStore();
  const directory = join(parent, 'cache');
  return { inner, directory, store: await CachedStore.open(inner, directory, { maxBytes }) };
}

function copyOf(directory: string, ref: ObjectRef): string {
  assert.ok(ref.type !== 'config');
  return join(directory, ref.type, ref.name);
}

/** Tells how often it is asked for bytes. */
class CountingStore extends MemoryStore {
  reads = 0;

  override read(...args: Parameters<MemoryStore['read']>): Promise<Bytes> {
    this.reads++;
    return super.read(...args);
  }
}

async function countReads(inner: CountingStore, work: () => Promise<unknown>): Promise<number> {
  const before = inner.reads;
  await work();
  return inner.reads - before;
}

objectStoreContract('CachedStore', async (t) => (await open(t)).store);

describe('CachedStore', () => {
  for (const type of ['index', 'snapshots'] as const) {
    it(`fetches what is in ${type} once, also for a later process`, async (t) => {
      const { inner, store, directory } = await open(t);
      const ref = await put(inner, type, sampleBytes(1000));
      const later = await CachedStore.open(inner, directory);
      const reads = await countReads(inner, async () => {
        for (const each of [store, store, later]) {
          assert.deepEqual(new Uint8Array(await each.read(ref)), sampleBytes(1000));
        }
      });
      assert.equal(reads, 1);
    });
  }

  it('fetches nothing of what it has written itself', async (t) => {
    const { inner, store } = await open(t);
    const ref = await put(store, 'index', sampleBytes(1000));
    assert.equal(await countReads(inner, () => store.read(ref)), 0);
  });

  it('keeps a pack only when it is told to', async (t) => {
    const { inner, store } = await open(t);
    const ref = await put(inner, 'data', sampleBytes(1000));
    const range = { offset: 100, length: 5 };
    const plain = await countReads(inner, async () => {
      for (let i = 0; i < 2; i++) await store.read(ref, { range });
    });
    const kept = await countReads(inner, async () => {
      for (let i = 0; i < 3; i++) {
        const bytes = await store.read(ref, { range, keep: true });
        assert.deepEqual(new Uint8Array(bytes), sampleBytes(1000).slice(100, 105));
      }
    });
    assert.deepEqual([plain, kept], [2, 1]);
  });

  it('fetches a pack once when many parts of it are wanted together', async (t) => {
    const { inner, store } = await open(t);
    const ref = await put(inner, 'data', sampleBytes(1000));
    const reads = await countReads(inner, () =>
      Promise.all(
        [0, 1, 2, 3].map((offset) => store.read(ref, { range: { offset, length: 1 }, keep: true })),
      ),
    );
    assert.equal(reads, 1);
  });

  const damages: Record<string, (path: string) => Promise<void>> = {
    'has a flipped byte': (path) => writeFile(path, sampleBytes(1000).with(500, 0)),
    'is cut short': (path) => writeFile(path, sampleBytes(999)),
    'is empty': (path) => writeFile(path, ''),
    'has vanished': (path) => rm(path),
    'became a link': async (path) => {
      await rm(path);
      await symlink('/dev/zero', path);
    },
  };
  for (const [damage, cause] of Object.entries(damages)) {
    it(`fetches again when a copy ${damage}`, async (t) => {
      const { inner, directory, store } = await open(t);
      const ref = await put(store, 'index', sampleBytes(1000));
      await cause(copyOf(directory, ref));
      const later = await CachedStore.open(inner, directory);
      assert.deepEqual(new Uint8Array(await later.read(ref)), sampleBytes(1000));
    });
  }

  it('works without a cache when its directory cannot be used', async (t) => {
    const { inner, directory } = await open(t);
    await writeFile(directory, 'a file where the directory should be');
    const store = await CachedStore.open(inner, directory);
    const ref = await put(store, 'index', sampleBytes(1000));
    assert.deepEqual(new Uint8Array(await store.read(ref)), sampleBytes(1000));
  });

  it('drops copies of what the store no longer lists', async (t) => {
    const { inner, directory, store } = await open(t);
    const ref = await put(store, 'index', sampleBytes(1000));
    await inner.remove(ref);
    await store.list('index');
    assert.deepEqual(await readdir(join(directory, 'index')), []);
    await rejectsWith(store.read(ref), 'object_not_found');
  });

  it('stays within its bound', async (t) => {
    const { directory, store } = await open(t, 100_000);
    for (let seed = 1; seed <= 40; seed++) await put(store, 'index', sampleBytes(10_000, seed));
    const names = await readdir(join(directory, 'index'));
    assert.ok(names.length >= 5 && names.length <= 12, `${names.length} copies of 10,000 bytes`);
  });

  it('does not keep what would leave room for little else', async (t) => {
    const { directory, store } = await open(t, 100_000);
    await put(store, 'index', sampleBytes(50_000));
    await assert.rejects(stat(join(directory, 'index')), { code: 'ENOENT' });
  });

  it('keeps copies for the owner alone', async (t) => {
    const { directory, store } = await open(t);
    const ref = await put(store, 'snapshots', sampleBytes(10));
    assert.equal((await stat(copyOf(directory, ref))).mode & 0o777, 0o600);
    assert.equal((await stat(directory)).mode & 0o777, 0o700);
  });
});
