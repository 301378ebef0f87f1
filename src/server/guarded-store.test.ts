import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientBounds } from '../authority/index.ts';
import { HoldfastError } from '../base/index.ts';
import { MemoryStore, type ObjectRef } from '../storage/index.ts';
import { put, rejectsWith, sampleBytes } from '../storage/object-store.contract.ts';
import type { ClientAccount } from './client-ledger.ts';
import { GuardedStore } from './guarded-store.ts';

const usual: ClientBounds = { prune: false, quotaBytes: undefined, quarantinedAt: undefined };
/** What an account is told, in order. */
class Told {
  readonly acts: string[] = [];
  readonly account: ClientAccount = {
    reserve: (type, bytes) => {
      if (bytes > 1000) throw new HoldfastError('quota_exceeded', 'no room');
      this.acts.push(`reserve ${type} ${bytes}`);
      return { [Symbol.dispose]: () => void this.acts.push('free') };
    },
    stored: (type, bytes) => void this.acts.push(`stored ${type} ${bytes}`),
    checkTrash: (bytes) => {
      if (bytes > 100) throw new HoldfastError('trash_exceeded', 'no room');
    },
    removed: (type, bytes) => void this.acts.push(`removed ${type} ${bytes}`),
    refused: () => void this.acts.push('refused'),
  };
}

const types = ['data', 'index', 'keys', 'snapshots', 'locks'] as const;

test('removals are heard with the right to prune, which is looked up each time; of locks always', async () => {
  let bounds = usual;
  const store = new GuardedStore(new MemoryStore(), {
    bounds: async () => bounds,
    account: new Told().account,
  });
  const config: ObjectRef = { type: 'config' };
  const refs = await Promise.all(types.map((type, seed) => put(store, type, sampleBytes(10, seed))));
  await store.write(config, [sampleBytes(3)], { size: 3 });
  for (const ref of refs.filter(({ type }) => type !== 'locks'))
    await rejectsWith(store.remove(ref), 'append_only');
  await store.remove(refs.find(({ type }) => type === 'locks') ?? config);
  bounds = { ...usual, prune: true };
  for (const ref of refs) await store.remove(ref);
  for (const type of types) assert.deepEqual(await store.list(type), []);
});

test('in quarantine all is read and nothing changed, not even a lock', async () => {
  let bounds: ClientBounds = { ...usual, prune: true };
  const store = new GuardedStore(new MemoryStore(), {
    bounds: async () => bounds,
    account: new Told().account,
  });
  const [data, lock] = [await put(store, 'data', sampleBytes(9)), await put(store, 'locks', sampleBytes(8))];
  bounds = { ...bounds, quarantinedAt: new Date(0) };
  for (const type of types) await rejectsWith(put(store, type, sampleBytes(7)), 'node_quarantined');
  for (const ref of [data, lock]) await rejectsWith(store.remove(ref), 'node_quarantined');
  await rejectsWith(store.create(), 'node_quarantined');
  assert.equal((await store.read(data)).length, 9);
});

test('what comes and goes is written into the account, once, and what is refused as refused', async () => {
  let bounds = { ...usual, prune: true };
  const { account, acts } = new Told();
  const store = new GuardedStore(new MemoryStore(), { bounds: async () => bounds, account });
  const ref = await put(store, 'data', sampleBytes(50));
  await put(store, 'data', sampleBytes(50));
  await rejectsWith(put(store, 'data', sampleBytes(2000)), 'quota_exceeded');
  const large = await put(store, 'snapshots', sampleBytes(500));
  await rejectsWith(store.remove(large), 'trash_exceeded');
  await store.remove(ref);
  await store.remove(ref);
  bounds = usual;
  await rejectsWith(store.remove(large), 'append_only');
  const done =
    'reserve data 50,stored data 50,free,reserve snapshots 500,stored snapshots 500,free,removed data 50,refused';
  assert.deepEqual(acts, done.split(','));
});
