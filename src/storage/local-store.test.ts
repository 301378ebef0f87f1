import assert from 'node:assert/strict';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  rmdir,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { LocalStore } from './local-store.ts';
import { objectStoreContract, put, refOf, rejectsWith, sampleBytes } from './object-store.contract.ts';
import type { ObjectRef } from './object-store.ts';

async function openLocalStore(t: TestContext): Promise<LocalStore> {
  const parent = await mkdtemp(join(tmpdir(), 'holdfast-store-'));
  t.after(() => rm(parent, { recursive: true, force: true }));
  return new LocalStore(join(parent, 'a', 'repository'));
}

async function createLocalStore(t: TestContext): Promise<LocalStore> {
  const store = await openLocalStore(t);
  await store.create();
  return store;
}

function nameOf(ref: ObjectRef): string {
  assert.ok(ref.type !== 'config');
  return ref.name;
}

objectStoreContract('LocalStore', openLocalStore);

describe('LocalStore', () => {
  it('lays files out as restic does, for the owner alone', async (t) => {
    const store = await createLocalStore(t);
    const pack = nameOf(await put(store, 'data', sampleBytes(10)));
    const index = nameOf(await put(store, 'index', sampleBytes(20)));
    await store.write({ type: 'config' }, [sampleBytes(30)], { size: 30 });
    const files = [join('data', pack.slice(0, 2), pack), join('index', index), 'config'];
    for (const file of files) assert.equal((await stat(join(store.location, file))).mode & 0o777, 0o600);
    assert.equal((await readdir(join(store.location, 'data'))).length, 256);
    assert.equal((await stat(store.location)).mode & 0o777, 0o700);
  });

  it('leaves no temporary file behind, whatever became of the upload', async (t) => {
    const store = await createLocalStore(t);
    const bytes = sampleBytes(100);
    await Promise.all([put(store, 'data', bytes), put(store, 'data', bytes)]);
    await rejectsWith(store.write(refOf('keys', bytes), [bytes], { size: 99 }), 'object_corrupt');
    await rejectsWith(
      store.write(refOf('keys', bytes), [sampleBytes(100, 2)], { size: 100 }),
      'object_corrupt',
    );
    assert.deepEqual(await readdir(join(store.location, '.uploads')), []);
  });

  it('does not rewrite what is stored already', async (t) => {
    const store = await createLocalStore(t);
    const ref = await put(store, 'index', sampleBytes(100));
    const path = join(store.location, 'index', nameOf(ref));
    const before = await stat(path, { bigint: true });
    await put(store, 'index', sampleBytes(100));
    const after = await stat(path, { bigint: true });
    assert.deepEqual([after.ino, after.mtimeNs], [before.ino, before.mtimeNs]);
  });

  it('does not call a damaged copy the same', async (t) => {
    const store = await createLocalStore(t);
    const ref = await put(store, 'index', sampleBytes(100));
    await writeFile(join(store.location, 'index', nameOf(ref)), sampleBytes(100, 2));
    await rejectsWith(put(store, 'index', sampleBytes(100)), 'object_exists');
  });

  it('refuses to write where no repository was created', async (t) => {
    const store = await openLocalStore(t);
    await rejectsWith(put(store, 'keys', sampleBytes(10)), 'repository_missing');
    await store.create();
    await put(store, 'keys', sampleBytes(10));
  });

  it('makes a data directory again that was removed because it was empty', async (t) => {
    const store = await createLocalStore(t);
    const ref = refOf('data', sampleBytes(10));
    await rmdir(join(store.location, 'data', nameOf(ref).slice(0, 2)));
    await put(store, 'data', sampleBytes(10));
    assert.equal(await store.stat(ref), 10);
  });

  it('writes into a repository that restic made, which has no directory for uploads', async (t) => {
    const store = await createLocalStore(t);
    await rmdir(join(store.location, '.uploads'));
    await put(store, 'snapshots', sampleBytes(10));
    assert.equal((await store.list('snapshots')).length, 1);
  });

  it('passes over whatever is no object when it lists', async (t) => {
    const store = await createLocalStore(t);
    const index = join(store.location, 'index');
    await writeFile(join(index, '.DS_Store'), 'x');
    await writeFile(join(index, 'AB'.repeat(32)), 'x');
    await mkdir(join(index, 'ab'.repeat(32)));
    await symlink('/etc/hostname', join(index, 'cd'.repeat(32)));
    const ref = await put(store, 'index', sampleBytes(10));
    assert.deepEqual(await store.list('index'), [{ name: nameOf(ref), size: 10 }]);
  });

  it('follows no link that stands where an object should be', async (t) => {
    const store = await createLocalStore(t);
    const secret = join(store.location, 'secret');
    await writeFile(secret, 'not an object');
    const ref = refOf('keys', sampleBytes(10));
    await symlink(secret, join(store.location, 'keys', nameOf(ref)));
    await rejectsWith(store.read(ref), 'storage_failed');
    await rejectsWith(store.stream(ref), 'storage_failed');
    await rejectsWith(store.stat(ref), 'storage_failed');
    await rejectsWith(put(store, 'keys', sampleBytes(10)), 'storage_failed');
    assert.equal(await readFile(secret, 'utf8'), 'not an object');
  });

  it('removes the uploads that a crash left, but none that may be under way', async (t) => {
    const store = await createLocalStore(t);
    const temporary = join(store.location, '.uploads');
    const left = join(temporary, `${'ab'.repeat(16)}.upload`);
    await writeFile(left, 'x');
    await utimes(left, new Date(0), new Date(0));
    await writeFile(join(temporary, `${'cd'.repeat(16)}.upload`), 'x');
    await put(new LocalStore(store.location), 'locks', sampleBytes(10));
    assert.deepEqual(await readdir(temporary), [`${'cd'.repeat(16)}.upload`]);
  });
});
