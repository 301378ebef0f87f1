import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientBounds } from '../authority/index.ts';
import { MemoryStore, type ObjectRef } from '../storage/index.ts';
import { put, rejectsWith, sampleBytes } from '../storage/object-store.contract.ts';
import { GuardedStore } from './guarded-store.ts';

const usual: ClientBounds = { prune: false, quotaBytes: undefined, quarantinedAt: undefined };
const types = ['data', 'index', 'keys', 'snapshots', 'locks'] as const;

test('removals are heard with the right to prune, which is looked up each time; of locks always', async () => {
  let bounds = usual;
  const store = new GuardedStore(new MemoryStore(), async () => bounds);
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
  const store = new GuardedStore(new MemoryStore(), async () => bounds);
  const [data, lock] = [await put(store, 'data', sampleBytes(9)), await put(store, 'locks', sampleBytes(8))];
  bounds = { ...bounds, quarantinedAt: new Date(0) };
  for (const type of types) await rejectsWith(put(store, type, sampleBytes(7)), 'node_quarantined');
  for (const ref of [data, lock]) await rejectsWith(store.remove(ref), 'node_quarantined');
  await rejectsWith(store.create(), 'node_quarantined');
  assert.equal((await store.read(data)).length, 9);
});
