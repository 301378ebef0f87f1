import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HoldfastError } from '../base/index.ts';
import { FallbackStore } from './fallback-store.ts';
import { ForwardingStore } from './forwarding-store.ts';
import { MemoryStore } from './memory-store.ts';
import { objectStoreContract, put, rejectsWith, sampleBytes } from './object-store.contract.ts';
import type { ObjectRef } from './object-store.ts';

objectStoreContract(
  'FallbackStore',
  async () => new FallbackStore(new MemoryStore(), async () => [new MemoryStore()]),
);

/** A store that reads nothing. */
class FailingStore extends ForwardingStore {
  code: 'storage_failed' | 'connection_refused' | 'namespace_forbidden' = 'storage_failed';

  override read(): Promise<never> {
    return Promise.reject(new HoldfastError(this.code, 'as told'));
  }
}

describe('FallbackStore', () => {
  it('reads from the first copy that has an object, and from the store itself while it does', async () => {
    const [own, empty, copy] = [new MemoryStore('own'), new MemoryStore('empty'), new MemoryStore('copy')];
    let asked = 0;
    const store = new FallbackStore(own, async () => {
      asked += 1;
      return [empty, copy];
    });
    const bytes = sampleBytes(10);
    const ref: ObjectRef = await put(copy, 'data', bytes);
    assert.deepEqual(Buffer.from(await store.read(ref)), Buffer.from(bytes));
    assert.equal(await store.stat(ref), 10);
    assert.deepEqual(await store.list('data'), []);
    await put(own, 'data', bytes);
    await store.read(ref);
    assert.equal(asked, 2);
  });

  it('says what its own store said where no copy has it, and asks no copy for what is refused', async () => {
    const own = new FailingStore(new MemoryStore());
    const copy = new MemoryStore();
    const ref = await put(copy, 'data', sampleBytes(10));
    const store = new FallbackStore(own, async () => [copy]);
    assert.equal((await store.read(ref)).length, 10);
    own.code = 'connection_refused';
    assert.equal((await store.read(ref)).length, 10);
    own.code = 'namespace_forbidden';
    await rejectsWith(store.read(ref), 'namespace_forbidden');
    own.code = 'storage_failed';
    await copy.remove(ref);
    await rejectsWith(store.read(ref), 'storage_failed');
  });
});
