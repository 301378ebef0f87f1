import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AppendOnlyStore } from './forwarding-store.ts';
import { MemoryStore } from './memory-store.ts';
import { objectStoreContract, put, rejectsWith, sampleBytes } from './object-store.contract.ts';

objectStoreContract('AppendOnlyStore', async () => new AppendOnlyStore(new MemoryStore()));

describe('AppendOnlyStore', () => {
  for (const type of ['keys', 'data', 'index', 'snapshots'] as const) {
    it(`refuses to remove from ${type}`, async () => {
      const store = new AppendOnlyStore(new MemoryStore());
      const ref = await put(store, type, sampleBytes(10));
      await rejectsWith(store.remove(ref), 'append_only');
      assert.equal(await store.stat(ref), 10);
    });
  }

  it('refuses to remove the config', async () => {
    const store = new AppendOnlyStore(new MemoryStore());
    await rejectsWith(store.remove({ type: 'config' }), 'append_only');
  });
});
