import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { HoldfastError } from '../base/index.ts';
import { LocalStore } from './local-store.ts';
import { type JudgeRemoval, LocalTrash, type Trashed } from './local-trash.ts';
import { objectStoreContract, put, rejectsWith, sampleBytes } from './object-store.contract.ts';
import type { NamedRef } from './object-store.ts';
import { TrashStore } from './trash-store.ts';

interface Repository {
  readonly directory: string;
  readonly trash: LocalTrash;
  readonly store: TrashStore;
}

/** A repository whose removals are all of one moment. */
async function open(t: TestContext, judge?: JudgeRemoval): Promise<Repository> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-trash-'));
  t.after(() => rm(directory, { recursive: true }));
  const trash = new LocalTrash(directory);
  const usual: JudgeRemoval = async () => ({ removedMs: 1000, lockedUntilMs: 5000 });
  const store = new TrashStore(new LocalStore(directory, { now: () => 70_000 }), {
    trash,
    judge: judge ?? usual,
  });
  return { directory, trash, store };
}

const resting = (trash: LocalTrash): Promise<Trashed[]> => Array.fromAsync(trash.scan());

objectStoreContract('TrashStore', async (t) => (await open(t)).store);

describe('what is removed', () => {
  for (const type of ['keys', 'data', 'index', 'snapshots'] as const)
    it(`rests, of ${type}, is not there to whoever reads, and comes back as it was`, async (t) => {
      const { store, trash } = await open(t);
      const bytes = sampleBytes(100);
      const ref = (await put(store, type, bytes)) as NamedRef;
      await store.remove(ref);
      await rejectsWith(store.stat(ref), 'object_not_found');
      await rejectsWith(store.read(ref), 'object_not_found');
      assert.deepEqual(await store.list(type), []);
      const [trashed, ...others] = await resting(trash);
      assert.deepEqual([trashed, others], [{ ref, removedMs: 1000, lockedUntilMs: 5000 }, []]);
      assert.ok(trashed);
      assert.deepEqual(await trash.look(trashed), { size: 100, arrivedMs: 70_000 });
      assert.equal(await trash.restore(trashed), 'restored');
      assert.deepEqual(Buffer.from(await store.read(ref)), Buffer.from(bytes));
      assert.deepEqual(await store.list(type, { arrivals: true }), [
        { name: ref.name, size: 100, arrivedMs: 70_000 },
      ]);
      assert.equal(await trash.restore(trashed), 'present');
      assert.deepEqual(await resting(trash), []);
    });

  it('may be stored again and removed again: each rests, and one that is there is not replaced', async (t) => {
    const { store, trash } = await open(t);
    const ref = await put(store, 'data', sampleBytes(10));
    await store.remove(ref);
    await put(store, 'data', sampleBytes(10));
    await store.remove(ref);
    await put(store, 'data', sampleBytes(10));
    const all = await resting(trash);
    assert.deepEqual(
      all.map(({ removedMs }) => removedMs).toSorted((a, b) => a - b),
      [1000, 1001],
    );
    for (const trashed of all) assert.equal(await trash.restore(trashed), 'present');
    assert.equal((await resting(trash)).length, 2);
    for (const trashed of all) await trash.remove(trashed);
    assert.deepEqual(await resting(trash), []);
    assert.equal(await store.stat(ref), 10);
  });

  it('stays where it is when it is refused, and is judged by when it came', async (t) => {
    const { store, trash } = await open(t, async ({ type }, { arrivedMs, size }) => {
      throw new HoldfastError('retention_locked', `${type} of ${size} bytes of ${arrivedMs}`);
    });
    const ref = await put(store, 'snapshots', sampleBytes(10));
    await assert.rejects(store.remove(ref), { message: 'snapshots of 10 bytes of 70000' });
    assert.equal(await store.stat(ref), 10);
    assert.deepEqual(await resting(trash), []);
  });

  it('is gone when it is a lock, and never the config', async (t) => {
    const { store, trash, directory } = await open(t);
    await store.remove(await put(store, 'locks', sampleBytes(10)));
    await store.write({ type: 'config' }, [sampleBytes(5)], { size: 5 });
    await rejectsWith(store.remove({ type: 'config' }), 'append_only');
    assert.deepEqual(await resting(trash), []);
    assert.ok(!(await readdir(directory)).includes('.trash'));
  });

  it('comes back into folders that are gone, and names that are none of ours are passed over', async (t) => {
    const { store, trash, directory } = await open(t);
    const ref = await put(store, 'data', sampleBytes(10));
    await store.remove(ref);
    await rm(join(directory, 'data'), { recursive: true });
    for (const name of ['x', `${'ab'.repeat(32)}.1`, `${'ab'.repeat(32)}.1.2.3`, `${'ab'.repeat(32)}.-1.2`])
      await writeFile(join(directory, '.trash/data', name), 'x');
    const [trashed, ...others] = await resting(trash);
    assert.ok(trashed !== undefined && others.length === 0);
    assert.equal(await trash.restore(trashed), 'restored');
    await trash.settle();
    assert.equal(await store.stat(ref), 10);
  });

  it('came when the file says so, also after a copy of the store', async (t) => {
    const { store, trash, directory } = await open(t);
    const ref = (await put(store, 'index', sampleBytes(10))) as NamedRef;
    await utimes(join(directory, 'index', ref.name), 80, 80);
    await store.remove(ref);
    const [trashed] = await resting(trash);
    assert.deepEqual(trashed && (await trash.look(trashed)), { size: 10, arrivedMs: 80_000 });
  });
});
