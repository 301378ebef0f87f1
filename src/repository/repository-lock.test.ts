import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { HoldfastError, hourMs, isHoldfastError, ManualClock, minuteMs } from '../base/index.ts';
import { AppendOnlyStore, MemoryStore, type ObjectRef } from '../storage/index.ts';
import { idOf } from './format/blob.ts';
import { encodeLock, type Lock, parseLock, type Sleep } from './lock-files.ts';
import { openRepository } from './open-repository.ts';
import type { Repository } from './repository.ts';
import { createSample, samplePassword } from './sample-repository.fixture.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const elsewhere = { hostname: 'elsewhere', username: 'somebody', pid: 4242, exclusive: false };

/** Sleeps of more than a second end when `pass` says so; the clock moves by as much. */
class ManualSleep {
  readonly clock = new ManualClock(start);
  #wake: (() => void)[] = [];

  readonly sleep: Sleep = async (delayMs, signal) => {
    if (delayMs < 1000) return;
    await new Promise<void>((resolve, reject) => {
      this.#wake.push(resolve);
      signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    });
  };

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    const wake = this.#wake;
    this.#wake = [];
    for (const resume of wake) resume();
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  }
}

async function addLock(repository: Repository, lock: Partial<Lock>): Promise<void> {
  const timeNs = BigInt(start) * 1_000_000n;
  await repository.files.save('locks', encodeLock({ ...elsewhere, timeNs, ...lock }));
}

async function lockTimes(repository: Repository): Promise<number[]> {
  const infos = await repository.files.list('locks');
  const locks = await Promise.all(
    infos.map(async ({ name }) => parseLock(await repository.files.load('locks', name), name)),
  );
  return locks.map((lock) => Number(lock.timeNs / 1_000_000n) - start);
}

const isLocked = (error: unknown): boolean => isHoldfastError(error, 'repository_locked');

test('shared locks go together, an exclusive one goes with none', async () => {
  const { repository } = await createSample();
  {
    await using first = await repository.lock();
    await using second = await repository.lock();
    assert.deepEqual([first.lost.aborted, second.lost.aborted], [false, false]);
    await assert.rejects(repository.lock({ exclusive: true }), isLocked);
  }
  {
    await using only = await repository.lock({ exclusive: true });
    assert.equal(only.lost.aborted, false);
    await assert.rejects(repository.lock(), isLocked);
  }
  assert.deepEqual(await repository.files.list('locks'), []);
});

test('who holds a lock is named, with the machine, the process and since when', async () => {
  const { repository } = await createSample();
  const { clock, sleep } = new ManualSleep();
  await addLock(repository, { exclusive: true });
  await assert.rejects(repository.lock({ clock, sleep }), (error) => {
    assert.ok(error instanceof HoldfastError);
    assert.match(
      error.message,
      /exclusively locked by process 4242 on elsewhere \(somebody\) since 2026-01-01T00:00:00/,
    );
    return error.code === 'repository_locked';
  });
});

test('a lock older than half an hour, and one of a process of this machine that is gone, are removed', async () => {
  const { repository } = await createSample();
  const { clock, sleep } = new ManualSleep();
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  await addLock(repository, { exclusive: true, timeNs: BigInt(start - 31 * minuteMs) * 1_000_000n });
  await addLock(repository, { exclusive: true, hostname: hostname(), pid: gone });
  await using lock = await repository.lock({ clock, sleep, exclusive: true });
  assert.equal(lock.lost.aborted, false);
  assert.equal((await repository.files.list('locks')).length, 1);
});

test('a running process of this machine keeps its lock', async () => {
  const { repository } = await createSample();
  const { clock, sleep } = new ManualSleep();
  await addLock(repository, { exclusive: true, hostname: hostname(), pid: process.ppid });
  await assert.rejects(repository.lock({ clock, sleep }), isLocked);
});

test('of two that lock at the same moment none goes on, and none leaves its lock', async () => {
  const { repository } = await createSample();
  const lock = repository.lock({
    exclusive: true,
    clock: new ManualClock(start),
    sleep: async () => addLock(repository, {}),
  });
  await assert.rejects(lock, isLocked);
  assert.equal((await repository.files.list('locks')).length, 1);
});

test('a lock is refreshed every five minutes and removed at the end, also where nothing else can be deleted', async () => {
  const { store } = await createSample();
  const repository = await openRepository(new AppendOnlyStore(store), { key: { password: samplePassword } });
  const time = new ManualSleep();
  {
    await using lock = await repository.lock(time);
    assert.deepEqual(await lockTimes(repository), [0]);
    await time.pass(5 * minuteMs);
    assert.deepEqual(await lockTimes(repository), [5 * minuteMs]);
    await time.pass(5 * minuteMs);
    assert.deepEqual(await lockTimes(repository), [10 * minuteMs]);
    assert.equal(lock.lost.aborted, false);
  }
  assert.deepEqual(await repository.files.list('locks'), []);
});

class StoreWithoutDisk extends MemoryStore {
  broken = false;

  override async write(...args: Parameters<MemoryStore['write']>): Promise<void> {
    if (this.broken) throw new HoldfastError('storage_full', 'no space left');
    await super.write(...args);
  }
}

async function brokenSample(): Promise<{ repository: Repository; store: StoreWithoutDisk }> {
  const sample = await createSample();
  const store = new StoreWithoutDisk();
  for (const type of ['keys', 'config'] as const) {
    const refs: ObjectRef[] =
      type === 'config' ? [{ type }] : (await sample.store.list(type)).map(({ name }) => ({ type, name }));
    for (const ref of refs) {
      const bytes = await sample.store.read(ref);
      await store.write(ref, [bytes], { size: bytes.length });
    }
  }
  return { store, repository: await openRepository(store, { key: { password: samplePassword } }) };
}

test('a lock that cannot be refreshed is tried again, and lost before others take it for stale', async () => {
  const { repository, store } = await brokenSample();
  const time = new ManualSleep();
  await using lock = await repository.lock(time);
  store.broken = true;
  await time.pass(5 * minuteMs);
  await time.pass(15 * minuteMs);
  assert.equal(lock.lost.aborted, false);
  await time.pass(3 * minuteMs);
  assert.equal(lock.lost.aborted, true);
  assert.ok(isLocked(lock.lost.reason));
});

test('a lock that was refreshed late, but in time, is kept', async () => {
  const { repository, store } = await brokenSample();
  const time = new ManualSleep();
  await using lock = await repository.lock(time);
  store.broken = true;
  await time.pass(5 * minuteMs);
  store.broken = false;
  await time.pass(15 * minuteMs);
  assert.deepEqual(await lockTimes(repository), [20 * minuteMs]);
  assert.equal(lock.lost.aborted, false);
});

test('after a long sleep of the machine the lock is lost, not taken back', async () => {
  const { repository } = await createSample();
  const time = new ManualSleep();
  await using lock = await repository.lock(time);
  await time.pass(2 * hourMs);
  assert.equal(lock.lost.aborted, true);
});

test('an aborted signal ends the locking and leaves no lock', async () => {
  const { repository } = await createSample();
  const controller = new AbortController();
  const locking = repository.lock({
    signal: controller.signal,
    sleep: async (_delayMs, signal) => {
      controller.abort(new Error('enough'));
      signal?.throwIfAborted();
    },
  });
  await assert.rejects(locking, /enough/);
  assert.deepEqual(await repository.files.list('locks'), []);
});

test("a lock that stays damaged is in nobody's way, and is removed", async () => {
  const { repository, store } = await createSample();
  const junk = Buffer.alloc(100, 1);
  await store.write({ type: 'locks', name: idOf(junk) }, [junk], { size: junk.length });
  const slept: number[] = [];
  const sleep: Sleep = async (delayMs) => void slept.push(delayMs);
  await using lock = await repository.lock({ exclusive: true, sleep, clock: new ManualClock(start) });
  assert.equal(lock.lost.aborted, false);
  assert.ok(slept.slice(0, 3).reduce((sum, delayMs) => sum + delayMs, 0) >= 30_000);
  assert.ok((await store.list('locks')).every(({ name }) => name !== idOf(junk)));
});

test('who holds the repository is named once and waited for, and no longer than was said', async () => {
  const time = new ManualSleep();
  const { repository } = await createSample();
  await addLock(repository, {});
  const waiting: string[] = [];
  const options = {
    sleep: time.sleep,
    clock: time.clock,
    exclusive: true,
    retryForMs: 2 * minuteMs,
    onWaiting: ({ message }: HoldfastError) => waiting.push(message),
  };
  const patient = assert.rejects(repository.lock(options), isLocked);
  for (const ms of [0, minuteMs, minuteMs]) await time.pass(ms);
  await patient;
  assert.equal(waiting.length, 1);
  const lucky = repository.lock(options);
  await time.pass(0);
  await repository.unlock({ all: true });
  await time.pass(minuteMs);
  await using lock = await lucky;
  assert.equal(lock.lost.aborted, false);
});

test('who was first by a moment is waited for too, and nothing is read under the lock before', async () => {
  const { repository } = await createSample();
  let isFirst = true;
  const sleep: Sleep = async (delayMs, signal) => {
    if (signal) return void (await once(signal, 'abort'));
    if (isFirst) await addLock(repository, { exclusive: true });
    else if (delayMs >= 1000) await repository.unlock({ all: true });
    isFirst = false;
  };
  const options = { sleep, clock: new ManualClock(start), retryForMs: minuteMs };
  await using early = await repository.lockEarly(options);
  assert.equal((await early.held).lost.aborted, false);
  assert.equal((await repository.files.list('locks')).length, 1);
});

test('stale locks are removed, and all of them when that is said, those too that nobody can read', async () => {
  const { repository, store } = await createSample();
  await addLock(repository, { timeNs: BigInt(Date.now()) * 1_000_000n });
  await addLock(repository, { timeNs: BigInt(Date.now() - hourMs) * 1_000_000n });
  const bytes = Buffer.from('no lock');
  await store.write({ type: 'locks', name: idOf(bytes) }, [bytes], { size: bytes.length });
  assert.deepEqual(await repository.unlock(), { removed: 1, kept: 2 });
  assert.deepEqual(await repository.unlock({ all: true }), { removed: 2, kept: 0 });
});
