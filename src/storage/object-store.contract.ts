import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { type Bytes, type ErrorCode, freeBytes } from '../base/index.ts';
import {
  type ObjectBody,
  type ObjectInfo,
  type ObjectRef,
  type ObjectStore,
  type ObjectType,
  objectTypes,
  parseObjectName,
} from './object-store.ts';

const config: ObjectRef = { type: 'config' };
const missing = parseObjectName('data', 'ab'.repeat(32));

/** A new, empty store of the kind under test; what it needs cleaned up is registered with `t.after`. */
export type OpenStore = (t: TestContext) => Promise<ObjectStore>;

/** The promises of {@link ObjectStore}, as tests. Every store passes them in ten lines. */
export function objectStoreContract(name: string, open: OpenStore): void {
  describe(`${name} keeps the promises of an object store`, () => {
    readingContract(open);
    listingContract(open);
    refusingContract(open);
    repeatingContract(open);
    abortingContract(open);
  });
}

/** Bytes that compress badly and differ for each seed. */
export function sampleBytes(size: number, seed = 1): Bytes {
  const bytes = new Uint8Array(size);
  let state = seed;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** The name under which `bytes` are stored. */
export function refOf(type: ObjectType, bytes: Bytes): ObjectRef {
  return parseObjectName(type, createHash('sha256').update(bytes).digest('hex'));
}

/** Stores `bytes` under their name and gives it. */
export async function put(store: ObjectStore, type: ObjectType, bytes: Bytes): Promise<ObjectRef> {
  const ref = refOf(type, bytes);
  await store.write(ref, [bytes], { size: bytes.length });
  return ref;
}

/** That `work` fails with a `HoldfastError` of one of these codes. */
export async function rejectsWith(work: Promise<unknown>, ...codes: readonly ErrorCode[]): Promise<void> {
  await assert.rejects(work, (error: { code?: ErrorCode }) => {
    assert.ok(
      error.code !== undefined && codes.includes(error.code),
      `${error.code}, not ${codes.join(' or ')}`,
    );
    return true;
  });
}

function readingContract(open: OpenStore): void {
  for (const size of [0, 1, 65_536, 1_000_003]) {
    it(`gives back an object of ${size} bytes`, async (t) => {
      const store = await created(open, t);
      const bytes = sampleBytes(size);
      const ref = await put(store, 'data', bytes);
      assert.equal(await store.stat(ref), size);
      assert.deepEqual(new Uint8Array(await store.read(ref)), bytes);
      assert.deepEqual(await streamed(store, ref), bytes);
    });
  }

  it('gives back an object that came in uneven pieces of shared memory', async (t) => {
    const store = await created(open, t);
    const shared = new Uint8Array(new SharedArrayBuffer(700_001));
    shared.set(sampleBytes(shared.length));
    const pieces = [
      shared.subarray(0, 1),
      shared.subarray(1, 1),
      shared.subarray(1, 600_000),
      shared.subarray(600_000),
    ];
    const ref = refOf('data', shared);
    await store.write(ref, pieces, { size: shared.length });
    assert.deepEqual(new Uint8Array(await store.read(ref)), new Uint8Array(shared));
  });

  it('takes a body whose pieces are all in the same memory', async (t) => {
    const store = await created(open, t);
    const bytes = sampleBytes(1_000_000);
    const ref = refOf('data', bytes);
    await store.write(ref, inSameMemory(bytes, 300_000), { size: bytes.length });
    assert.deepEqual(new Uint8Array(await store.read(ref)), bytes);
  });

  it('takes a body that is made while it is sent', async (t) => {
    const store = await created(open, t);
    const bytes = sampleBytes(300_000);
    const ref = refOf('index', bytes);
    await store.write(ref, slowly(bytes, 1000), { size: bytes.length });
    assert.deepEqual(new Uint8Array(await store.read(ref)), bytes);
  });

  it('gives exactly the range asked for, as bytes and as a stream', async (t) => {
    const store = await created(open, t);
    const bytes = sampleBytes(200_000);
    const ref = await put(store, 'data', bytes);
    for (const [offset, length] of [
      [0, 1],
      [5, 70_000],
      [199_999, 1],
      [0, 200_000],
      [100_000, undefined],
    ] as const) {
      const range = length === undefined ? { offset } : { offset, length };
      const expected = bytes.slice(offset, length === undefined ? undefined : offset + length);
      assert.deepEqual(new Uint8Array(await store.read(ref, { range })), expected);
      assert.deepEqual(await streamed(store, ref, range), expected);
    }
  });

  it('gives bytes that the caller may change', async (t) => {
    const store = await created(open, t);
    const ref = await put(store, 'keys', sampleBytes(100));
    (await store.read(ref)).fill(0);
    assert.deepEqual(new Uint8Array(await store.read(ref)), sampleBytes(100));
  });
}

function listingContract(open: OpenStore): void {
  it('lists nothing before anything is stored', async (t) => {
    const store = await open(t);
    for (const type of objectTypes) assert.deepEqual(await store.list(type), []);
  });

  it('lists the objects of each type with their sizes, and of no other', async (t) => {
    const store = await created(open, t);
    await store.write(config, [sampleBytes(3)], { size: 3 });
    for (const [i, type] of objectTypes.entries()) {
      await put(store, type, sampleBytes(10 + i, 1));
      await put(store, type, sampleBytes(20 + i, 2));
    }
    for (const [i, type] of objectTypes.entries()) {
      const expected = [sampleBytes(10 + i, 1), sampleBytes(20 + i, 2)].map((bytes) => infoOf(type, bytes));
      assert.deepEqual(byName(await store.list(type)), byName(expected));
      assert.deepEqual(byName(await scanned(store, type)), byName(expected));
    }
  });

  it('gives away bytes that it does not need itself', async (t) => {
    const store = await created(open, t);
    const bytes = sampleBytes(300_000);
    const ref = await put(store, 'data', bytes);
    (await store.read(ref)).fill(0);
    for await (const piece of await store.stream(ref)) freeBytes(piece as Bytes);
    assert.deepEqual(Buffer.from(await store.read(ref)), Buffer.from(bytes));
  });

  it('creates what is there already without harm', async (t) => {
    const store = await created(open, t);
    const ref = await put(store, 'data', sampleBytes(10));
    await store.create();
    assert.equal(await store.stat(ref), 10);
  });
}

function refusingContract(open: OpenStore): void {
  it('says object_not_found of what is not there', async (t) => {
    const store = await created(open, t);
    for (const ref of [config, missing]) {
      await rejectsWith(store.stat(ref), 'object_not_found');
      await rejectsWith(store.read(ref), 'object_not_found');
      await rejectsWith(store.read(ref, { range: { offset: 0, length: 1 } }), 'object_not_found');
      await rejectsWith(store.stream(ref), 'object_not_found');
    }
  });

  it('says range_not_satisfiable of a range that is not wholly inside', async (t) => {
    const store = await created(open, t);
    const ref = await put(store, 'data', sampleBytes(100));
    for (const range of [{ offset: 100 }, { offset: 101, length: 1 }, { offset: 99, length: 2 }]) {
      await rejectsWith(store.read(ref, { range }), 'range_not_satisfiable');
      await rejectsWith(store.stream(ref, { range }), 'range_not_satisfiable');
    }
  });

  it('refuses ranges that mean no bytes as a mistake of the caller', async (t) => {
    const store = await created(open, t);
    const ref = await put(store, 'data', sampleBytes(100));
    for (const range of [{ offset: -1 }, { offset: 0.5 }, { offset: 0, length: 0 }, { offset: Number.NaN }]) {
      await assert.rejects(store.read(ref, { range }), TypeError);
    }
  });

  it('stores nothing under a name that is not the SHA-256 of the bytes', async (t) => {
    const store = await created(open, t);
    await rejectsWith(store.write(missing, [sampleBytes(100)], { size: 100 }), 'object_corrupt');
    await rejectsWith(store.stat(missing), 'object_not_found');
    assert.deepEqual(await store.list('data'), []);
  });

  it('stores nothing of a body that is shorter or longer than announced', async (t) => {
    const store = await created(open, t);
    const bytes = sampleBytes(100_000);
    const ref = refOf('data', bytes);
    await rejectsWith(store.write(ref, [bytes], { size: 100_001 }), 'object_corrupt');
    await rejectsWith(store.write(ref, [bytes], { size: 99_999 }), 'object_corrupt');
    await rejectsWith(store.stat(ref), 'object_not_found');
  });

  it('stores nothing of a body that fails, and passes the failure on', async (t) => {
    const store = await created(open, t);
    const bytes = sampleBytes(100_000);
    const ref = refOf('data', bytes);
    const failure = new Error('the source failed');
    await assert.rejects(store.write(ref, failing(bytes, failure), { size: bytes.length }), failure);
    await rejectsWith(store.stat(ref), 'object_not_found');
  });
}

function repeatingContract(open: OpenStore): void {
  it('takes the same object again, also from a stream', async (t) => {
    const store = await created(open, t);
    const bytes = sampleBytes(100_000);
    const ref = await put(store, 'data', bytes);
    await put(store, 'data', bytes);
    await store.write(ref, slowly(bytes, 30_000), { size: bytes.length });
    assert.equal((await store.list('data')).length, 1);
  });

  it('takes the same object from two writers at once', async (t) => {
    const store = await created(open, t);
    const bytes = sampleBytes(100_000);
    await Promise.all([1, 2, 3, 4].map(() => put(store, 'data', bytes)));
    assert.deepEqual(await store.list('data'), [infoOf('data', bytes)]);
  });

  it('keeps the first object when another is sent under its name', async (t) => {
    const store = await created(open, t);
    const ref = await put(store, 'keys', sampleBytes(100));
    await rejectsWith(store.write(ref, [sampleBytes(99)], { size: 99 }), 'object_exists', 'object_corrupt');
    await rejectsWith(
      store.write(ref, [sampleBytes(100, 2)], { size: 100 }),
      'object_exists',
      'object_corrupt',
    );
    assert.deepEqual(new Uint8Array(await store.read(ref)), sampleBytes(100));
  });

  it('keeps the first config, takes the same again, and refuses another', async (t) => {
    const store = await created(open, t);
    for (let i = 0; i < 2; i++) await store.write(config, [sampleBytes(155)], { size: 155 });
    await rejectsWith(store.write(config, [sampleBytes(155, 2)], { size: 155 }), 'object_exists');
    await rejectsWith(store.write(config, [sampleBytes(1)], { size: 1 }), 'object_exists');
    assert.deepEqual(new Uint8Array(await store.read(config)), sampleBytes(155));
  });

  it('lets one of several first configs win', async (t) => {
    const store = await created(open, t);
    const writes = [1, 2, 3, 4].map((seed) => store.write(config, [sampleBytes(155, seed)], { size: 155 }));
    const outcomes = await Promise.allSettled(writes);
    const winners = outcomes.flatMap(({ status }, i) => (status === 'fulfilled' ? [i + 1] : []));
    assert.equal(winners.length, 1);
    assert.deepEqual(new Uint8Array(await store.read(config)), sampleBytes(155, winners[0]));
  });

  it('stores a snapshot in the place of another, also when that is gone, and any other object beside it', async (t) => {
    const store = await created(open, t);
    const old = await put(store, 'snapshots', sampleBytes(90));
    const name = 'name' in old ? old.name : assert.fail();
    const bytes = sampleBytes(90, 2);
    const write = (type: ObjectType, replaces: typeof name) =>
      store.write(refOf(type, bytes), [bytes], { size: 90, replaces });
    await write('index', name);
    assert.equal(await store.stat(old), 90);
    try {
      await write('snapshots', name);
    } catch (error) {
      // What removes nothing has stored nothing then.
      assert.equal((error as { readonly code?: ErrorCode }).code, 'append_only');
      assert.equal((await store.list('snapshots')).length, 1);
      return;
    }
    await write('snapshots', name);
    await rejectsWith(store.stat(old), 'object_not_found');
    assert.equal((await store.list('snapshots')).length, 1);
    const own = refOf('snapshots', bytes);
    await write('snapshots', 'name' in own ? own.name : name);
    assert.equal(await store.stat(own), 90);
  });

  it('removes a lock, and what is not there', async (t) => {
    const store = await created(open, t);
    const ref = await put(store, 'locks', sampleBytes(100));
    for (let i = 0; i < 2; i++) await store.remove(ref);
    await rejectsWith(store.read(ref), 'object_not_found');
    assert.deepEqual(await store.list('locks'), []);
  });
}

function abortingContract(open: OpenStore): void {
  it('does nothing when the signal is aborted before', async (t) => {
    const store = await created(open, t);
    const ref = await put(store, 'locks', sampleBytes(100));
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    const other = sampleBytes(10);
    await assert.rejects(store.stat(ref, { signal }), reason);
    await assert.rejects(store.read(ref, { signal }), reason);
    await assert.rejects(store.stream(ref, { signal }), reason);
    await assert.rejects(store.list('locks', { signal }), reason);
    await assert.rejects(store.remove(ref, { signal }), reason);
    await assert.rejects(store.write(refOf('data', other), [other], { size: 10, signal }), reason);
    assert.equal(await store.stat(ref), 100);
    assert.deepEqual(await store.list('data'), []);
  });

  it('stores nothing when aborted while it waits for the body', async (t) => {
    const store = await created(open, t);
    const bytes = sampleBytes(100_000);
    const abort = new AbortController();
    const reason = new Error('enough');
    const body = stalling(bytes, () => abort.abort(reason));
    const ref = refOf('data', bytes);
    await assert.rejects(store.write(ref, body, { size: bytes.length, signal: abort.signal }), reason);
    await rejectsWith(store.stat(ref), 'object_not_found');
    assert.deepEqual(await store.list('data'), []);
  });
}

async function created(open: OpenStore, t: TestContext): Promise<ObjectStore> {
  const store = await open(t);
  await store.create();
  return store;
}

async function streamed(
  store: ObjectStore,
  ref: ObjectRef,
  range?: { offset: number; length?: number },
): Promise<Bytes> {
  const stream = await store.stream(ref, { range });
  return new Uint8Array(await buffer(stream));
}

async function scanned(store: ObjectStore, type: ObjectType): Promise<readonly ObjectInfo[]> {
  const infos: ObjectInfo[] = [];
  for await (const batch of store.scan(type)) infos.push(...batch);
  return infos;
}

function infoOf(type: ObjectType, bytes: Bytes): { name: string; size: number } {
  const ref = refOf(type, bytes);
  return { name: ref.type === 'config' ? 'config' : ref.name, size: bytes.length };
}

function byName<T extends { name: string }>(infos: readonly T[]): readonly T[] {
  return infos.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

async function* slowly(bytes: Bytes, pieceBytes: number): ObjectBody & AsyncGenerator<Bytes> {
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    await new Promise((resolve) => setImmediate(resolve));
    yield bytes.subarray(start, start + pieceBytes);
  }
}

async function* inSameMemory(bytes: Bytes, pieceBytes: number): AsyncGenerator<Bytes> {
  const memory = new Uint8Array(pieceBytes);
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    const piece = bytes.subarray(start, start + pieceBytes);
    memory.fill(0).set(piece);
    yield memory.subarray(0, piece.length);
  }
}

async function* failing(bytes: Bytes, failure: Error): AsyncGenerator<Bytes> {
  yield bytes.subarray(0, 50_000);
  throw failure;
}

async function* stalling(bytes: Bytes, onStall: () => void): AsyncGenerator<Bytes> {
  yield bytes.subarray(0, 50_000);
  setImmediate(onStall);
  await new Promise(() => {});
}
