import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { SampleHome } from '../src/authority/authority.fixture.ts';
import { dayMs, hourMs, silentLog } from '../src/base/index.ts';
import { removalJudge } from '../src/server/judge-removal.ts';
import { localNamespaces } from '../src/server/storage-path.ts';
import { StoreTrash } from '../src/server/store-trash.ts';
import type { ObjectRef, ObjectStore, ObjectType } from '../src/storage/index.ts';
import { put, rejectsWith, sampleBytes } from '../src/storage/object-store.contract.ts';

const by = 'admin/ann';

/** A store with the repository of alpha in it, and its trash, by a clock that is set. */
class Scene implements AsyncDisposable {
  readonly home: SampleHome;
  readonly store: ObjectStore;
  readonly trash: StoreTrash;
  room = { free: 100, capacity: 100 };
  #seed = 0;

  private constructor(home: SampleHome) {
    this.home = home;
    const { authority } = home;
    const directory = join(home.path, 'store');
    const check = async (): Promise<void> => {};
    const storeFor = localNamespaces(directory, check, {
      now: () => authority.time(),
      judge: removalJudge(authority),
    });
    this.store = storeFor({ client: 'alpha' });
    this.trash = new StoreTrash({ directory, check, authority, roomOf: async () => this.room });
  }

  static async open(lock = 'off'): Promise<Scene> {
    const home = await SampleHome.open();
    const scene = new Scene(home);
    await mkdir(join(home.path, 'store'));
    await home.node('alpha');
    if (lock !== 'off') await home.authority.policy.set('retention-lock', lock, by);
    await scene.store.create();
    return scene;
  }

  /** Stores something new of ten bytes. */
  put(type: ObjectType): Promise<ObjectRef> {
    return put(this.store, type, sampleBytes(10, ++this.#seed));
  }

  later(ms: number): void {
    this.home.clock.advance(ms);
  }

  async names(type: ObjectType): Promise<string[]> {
    return (await this.store.list(type)).map(({ name }) => name).toSorted();
  }

  async upkeep(): Promise<void> {
    await this.trash.upkeep(silentLog);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.home[Symbol.asyncDispose]();
  }
}

const nameOf = (ref: ObjectRef): string => (ref.type === 'config' ? '' : ref.name);

describe('the trash of a store', () => {
  it('keeps what was removed for thirty days, gathered by day, and lets it go by itself then', async () => {
    await using scene = await Scene.open();
    const refs = [await scene.put('data'), await scene.put('snapshots')];
    for (const ref of refs) await scene.store.remove(ref);
    scene.later(dayMs);
    await scene.store.remove(await scene.put('index'));
    const groups = await scene.trash.list({});
    assert.deepEqual(
      groups.map(({ client, snapshots, objects, bytes }) => ({ client, snapshots, objects, bytes })),
      [
        { client: 'alpha', snapshots: 1, objects: 2, bytes: 20 },
        { client: 'alpha', snapshots: 0, objects: 1, bytes: 10 },
      ],
    );
    assert.equal(groups[1]?.goesAt.getTime(), scene.home.clock.now() + 30 * dayMs);
    scene.later(29 * dayMs - hourMs);
    await scene.upkeep();
    assert.equal((await scene.trash.list({})).length, 2);
    scene.later(2 * hourMs);
    await scene.upkeep();
    assert.equal((await scene.trash.list({})).length, 1);
  });

  it('holds a snapshot within the lock where it is, and in the trash whatever one may need, for whoever wants it empty', async () => {
    await using scene = await Scene.open('10d');
    const [data, snapshot] = [await scene.put('data'), await scene.put('snapshots')];
    scene.later(9 * dayMs);
    await rejectsWith(scene.store.remove(snapshot), 'retention_locked');
    await scene.store.remove(data);
    await scene.home.authority.policy.set('trashTimeMs', 'off', by);
    const order = { client: 'alpha', apply: true, by };
    assert.deepEqual(await scene.trash.empty(order), { removed: 0, bytes: 0, kept: 1 });
    scene.later(2 * dayMs);
    await scene.store.remove(snapshot);
    await scene.upkeep();
    assert.deepEqual(await scene.trash.empty(order), { removed: 0, bytes: 0, kept: 2 });
    scene.later(8.5 * dayMs);
    assert.deepEqual(await scene.trash.empty({ ...order, apply: false }), { removed: 1, bytes: 10, kept: 1 });
    assert.deepEqual(await scene.trash.empty(order), { removed: 1, bytes: 10, kept: 1 });
    scene.later(2 * dayMs);
    await scene.upkeep();
    assert.deepEqual(await scene.trash.list({}), []);
  });

  it('is not emptied by a clock that is wrong, and what it holds is not held shorter by it', async () => {
    await using scene = await Scene.open('10d');
    const data = await scene.put('data');
    scene.later(-5 * dayMs);
    await scene.store.remove(data);
    const [group] = await scene.trash.list({});
    assert.equal(group?.lockedUntil.getTime(), scene.home.authority.time() + 10 * dayMs);
    await assert.rejects(scene.trash.empty({ apply: true, by }), { code: 'clock_wrong' });
    await scene.upkeep();
    scene.later(5 * dayMs);
    assert.equal((await scene.trash.list({})).length, 1);
  });

  it('is not emptied by a server that has just been started, whose clock may be ahead until somebody sets it', async () => {
    await using scene = await Scene.open();
    await scene.store.remove(await scene.put('data'));
    scene.later(40 * dayMs);
    for (let minutes = 0; minutes < 60; minutes += 20) {
      await scene.upkeep();
      scene.later(hourMs / 3 - 1);
    }
    assert.equal((await scene.trash.list({})).length, 1);
    scene.later(hourMs);
    await scene.upkeep();
    assert.equal((await scene.trash.list({})).length, 0);
  });

  it('brings a repository back as it was at a time, whatever was removed, added and stored again since', async () => {
    await using scene = await Scene.open();
    const types = ['keys', 'data', 'index', 'snapshots'] as const;
    const gone = await scene.put('snapshots');
    await scene.store.remove(gone);
    const old = [];
    for (const type of types) old.push(await scene.put(type));
    scene.later(hourMs);
    const before = new Date(scene.home.clock.now());
    scene.later(hourMs);
    for (const ref of old) await scene.store.remove(ref);
    const junk = [];
    for (const type of types) junk.push(await scene.put(type));
    // Stored again, and once more removed.
    await put(scene.store, 'index', sampleBytes(10, 4));
    await put(scene.store, 'snapshots', sampleBytes(10, 5));
    await scene.store.remove(old[3] ?? gone);
    const restored = await scene.trash.restore({ client: 'alpha', before, by });
    assert.deepEqual(restored, { restored: 3, bytes: 30, putAside: 3 });
    for (const [at, type] of types.entries()) {
      const expected: (ObjectRef | undefined)[] = type === 'data' ? [old[at], junk[at]] : [old[at]];
      assert.deepEqual(await scene.names(type), expected.map((ref) => nameOf(ref ?? gone)).toSorted(), type);
    }
    const again = await scene.trash.restore({ client: 'alpha', before, by });
    assert.deepEqual(again, { restored: 0, bytes: 0, putAside: 0 });
    // What was put aside comes back, as does all else.
    await scene.trash.restore({ client: 'alpha', by });
    assert.deepEqual(await scene.names('keys'), [nameOf(old[0] ?? gone), nameOf(junk[0] ?? gone)].toSorted());
    assert.ok((await scene.names('snapshots')).includes(nameOf(gone)));
    await assert.rejects(scene.trash.restore({ client: 'nobody', by }), { code: 'object_not_found' });
  });

  it('lets nothing go of a client in quarantine', async () => {
    await using scene = await Scene.open();
    await scene.store.remove(await scene.put('data'));
    await scene.home.authority.clients.bound({ name: 'alpha', quarantined: true, by });
    scene.later(300 * dayMs);
    await scene.upkeep();
    assert.deepEqual(await scene.trash.empty({ apply: true, by }), { removed: 0, bytes: 0, kept: 1 });
    await scene.home.authority.clients.bound({ name: 'alpha', quarantined: false, by });
    assert.equal((await scene.trash.empty({ apply: true, by })).removed, 1);
  });

  it('gives way on a disk that is nearly full, the oldest first, and what is locked never', async () => {
    await using scene = await Scene.open();
    const refs = [await scene.put('data'), await scene.put('data'), await scene.put('data')];
    for (const ref of refs) {
      await scene.store.remove(ref);
      scene.later(hourMs);
    }
    await scene.upkeep();
    assert.equal((await scene.trash.list({}))[0]?.objects, 3);
    scene.room = { free: 0, capacity: 300 };
    await scene.upkeep();
    assert.equal((await scene.trash.list({}))[0]?.objects, 1);
    scene.room = { free: 300, capacity: 300 };
    await scene.trash.restore({ client: 'alpha', by });
    assert.deepEqual(await scene.names('data'), [nameOf(refs[2] ?? { type: 'config' })]);
    await scene.home.authority.policy.set('retention-lock', '1d', by);
    for (const ref of refs.slice(2)) await scene.store.remove(ref);
    scene.room = { free: 0, capacity: 300 };
    await scene.upkeep();
    assert.equal((await scene.trash.list({}))[0]?.objects, 1);
  });
});
