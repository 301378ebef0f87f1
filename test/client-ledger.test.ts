import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { SampleHome } from '../src/authority/authority.fixture.ts';
import { noQuota } from '../src/authority/index.ts';
import { dayMs, hourMs, isHoldfastError, minuteMs, silentLog } from '../src/base/index.ts';
import { ClientLedger } from '../src/server/client-ledger.ts';
import { GuardedStore } from '../src/server/guarded-store.ts';
import { removalJudge } from '../src/server/judge-removal.ts';
import { localNamespaces } from '../src/server/storage-path.ts';
import { StoreTrash } from '../src/server/store-trash.ts';
import { parseObjectName } from '../src/storage/index.ts';
import { put, rejectsWith, sampleBytes } from '../src/storage/object-store.contract.ts';

const by = 'admin/ann';

/** The store of a client with all that stands before it, by a clock that is set. */
async function open() {
  const home = await SampleHome.open();
  await home.node('alpha');
  const { authority, clock } = home;
  const directory = join(home.path, 'store');
  await mkdir(directory);
  const ledger = new ClientLedger({ authority, directory, log: silentLog });
  const check = async (): Promise<void> => {};
  const now = () => authority.time();
  const storeFor = localNamespaces(directory, check, { now, judge: removalJudge(authority) });
  const store = new GuardedStore(storeFor({ client: 'alpha' }), {
    bounds: () => authority.clients.boundsOf('alpha'),
    account: ledger.account('alpha'),
  });
  await store.create();
  const trash = new StoreTrash({ directory, check, authority });
  const upkeep = async (): Promise<void> => {
    clock.advance(minuteMs);
    await ledger.upkeep();
    await ledger.count();
  };
  const usage = async () => (await authority.activity.usage()).get('alpha');
  const alarms = async () =>
    (await authority.activity.alarms()).get('alpha')?.map(({ alarm }) => alarm) ?? [];
  return {
    home,
    authority,
    ledger,
    store,
    trash,
    upkeep,
    usage,
    alarms,
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

describe('the quota of a client', () => {
  it('is what the policy says, or what was decided of it alone, and is told with what is used of it', async () => {
    await using scene = await open();
    const { authority, ledger, store } = scene;
    await authority.policy.set('quota', '1000B', by);
    assert.equal(authority.policy.current.quotaBytes, 1000);
    assert.equal(ledger.told('alpha'), undefined);
    await put(store, 'data', sampleBytes(800, 1));
    assert.deepEqual(ledger.told('alpha'), { usedBytes: 800, quotaBytes: 1000 });
    await put(store, 'data', sampleBytes(150, 2));
    assert.deepEqual(ledger.told('alpha'), { usedBytes: 950, quotaBytes: 1000 });
    await rejectsWith(put(store, 'data', sampleBytes(51, 3)), 'quota_exceeded');
    await put(store, 'data', sampleBytes(800, 1));
    await scene.upkeep();
    await rejectsWith(put(store, 'data', sampleBytes(51, 3)), 'quota_exceeded');
    await authority.clients.bound({ name: 'alpha', quotaBytes: 2000, by });
    await put(store, 'data', sampleBytes(51, 3));
    assert.deepEqual(ledger.told('alpha'), { usedBytes: 1001, quotaBytes: 2000 });
    await authority.clients.bound({ name: 'alpha', quotaBytes: noQuota, by });
    await put(store, 'data', sampleBytes(52, 4));
    assert.deepEqual(ledger.told('alpha'), { usedBytes: 1053, quotaBytes: undefined });
  });

  it('leaves room for locks and indexes, so that whoever has used it up can prune; what is pruned is free at once', async () => {
    await using scene = await open();
    const { authority, store } = scene;
    await authority.clients.bound({ name: 'alpha', quotaBytes: 1000, prune: true, by });
    const data = await put(store, 'data', sampleBytes(1000, 1));
    await put(store, 'locks', sampleBytes(20, 2));
    await put(store, 'index', sampleBytes(20, 3));
    await rejectsWith(put(store, 'index', sampleBytes(20, 4)), 'quota_exceeded');
    await store.remove(data);
    const again = await put(store, 'data', sampleBytes(900, 5));
    await rejectsWith(store.remove(again), 'trash_exceeded');
    await scene.trash.empty({ client: 'alpha', apply: true, by });
    await scene.upkeep();
    await store.remove(again);
  });

  it('is not exceeded by uploads that come together', async () => {
    await using scene = await open();
    const { authority, store } = scene;
    await authority.clients.bound({ name: 'alpha', quotaBytes: 1000, by });
    const results = await Promise.allSettled(
      Array.from({ length: 30 }, async (_, seed) => {
        const bytes = sampleBytes(100, seed);
        const ref = parseObjectName('data', createHash('sha256').update(bytes).digest('hex'));
        const slowly = async function* () {
          await setImmediate();
          yield bytes;
        };
        await store.write(ref, slowly(), { size: 100 });
      }),
    );
    const refused = results.filter(({ status }) => status === 'rejected');
    assert.equal(refused.length, 20);
    for (const { reason } of refused as PromiseRejectedResult[])
      assert.ok(isHoldfastError(reason, 'quota_exceeded'));
    assert.equal((await store.list('data')).length, 10);
  });

  it('is held against what was kept over a restart, and counted anew in the store once a day', async () => {
    await using scene = await open();
    const { home, store, ledger } = scene;
    await put(store, 'data', sampleBytes(100, 1));
    await put(store, 'keys', sampleBytes(10, 2));
    await scene.upkeep();
    assert.equal((await scene.usage())?.bytes, 110);
    await home.tamper((database) => database.run("UPDATE client_usage SET bytes = 5 WHERE name = 'alpha'"));
    const { activity } = home.authority;
    assert.equal((await activity.usage()).get('alpha')?.bytes, 5);
    assert.ok(ledger);
    home.clock.advance(dayMs);
    const next = new ClientLedger({
      authority: home.authority,
      directory: join(home.path, 'store'),
      log: silentLog,
    });
    await next.upkeep();
    await next.count();
    assert.equal((await activity.usage()).get('alpha')?.bytes, 110);
  });
});

describe('alarms', () => {
  it('are raised and over on record, once each', async () => {
    await using scene = await open();
    const { home, authority, store, ledger } = scene;
    for (let day = 0; day < 5; day++) {
      await put(store, 'snapshots', sampleBytes(10, day));
      await scene.upkeep();
      home.clock.advance(dayMs);
    }
    assert.deepEqual(await scene.alarms(), []);
    const [snapshot] = await store.list('snapshots');
    for (let time = 0; time < 3; time++) {
      await rejectsWith(store.remove(parseObjectName('snapshots', snapshot?.name ?? '')), 'append_only');
      await scene.upkeep();
    }
    await put(store, 'snapshots', sampleBytes(10, 50));
    assert.deepEqual(await scene.alarms(), ['refused removals']);
    assert.match(
      (await authority.status()).warnings.join('\n'),
      /client alpha is not as usual \(refused removals\)/,
    );
    home.clock.advance(4 * dayMs);
    await put(store, 'snapshots', sampleBytes(10, 51));
    await scene.upkeep();
    assert.deepEqual(await scene.alarms(), []);
    home.clock.advance(10 * dayMs);
    await scene.upkeep();
    assert.deepEqual(await scene.alarms(), ['silent']);
    const records = await authority.log.list();
    const kinds = records.map(({ kind }) => kind).filter((kind) => kind.startsWith('alarm'));
    assert.deepEqual(kinds, ['alarm raised', 'alarm over', 'alarm raised']);
    await authority.audit.verify();
    await ledger.close();
    home.clock.advance(hourMs);
  });
});
