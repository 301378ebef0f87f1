import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { LimitedStore } from './limited-store.ts';
import { MemoryStore } from './memory-store.ts';
import { isRepeatable } from './object-body.ts';
import { type ObjectBody, type ObjectRef, parseObjectName, type WriteOptions } from './object-store.ts';

/** Time that passes when it is waited for, of several that wait until the last one is through. */
class Clock {
  nowMs = 0;
  now = (): number => this.nowMs;
  wait = async (ms: number): Promise<void> => {
    const untilMs = this.nowMs + ms;
    await Promise.resolve();
    this.nowMs = Math.max(this.nowMs, untilMs);
  };
}

const bytes = Buffer.alloc(1_000_000, 'some text ');
const name = createHash('sha256').update(bytes).digest('hex');
const ref: ObjectRef = parseObjectName('data', name);

test('a store goes no faster than it may, and not more than a twentieth slower', async () => {
  const clock = new Clock();
  const inner = new MemoryStore();
  await inner.create();
  const store = new LimitedStore(
    inner,
    { uploadPerSecond: () => 50_000, downloadPerSecond: () => 200_000 },
    clock,
  );
  await store.write(ref, [bytes], { size: bytes.length });
  assert.ok(clock.nowMs >= 20_000 && clock.nowMs < 21_000, `${clock.nowMs} ms`);
  clock.nowMs = 0;
  const all = await Promise.all([store.read(ref), store.read(ref)]);
  assert.ok(all.every((one) => bytes.equals(one)));
  for await (const _piece of await store.stream(ref));
  assert.ok(clock.nowMs >= 15_000 && clock.nowMs < 15_750, `${clock.nowMs} ms`);
});

test('a rate that changes counts from the next piece on, in the middle of an object', async () => {
  const clock = new Clock();
  const inner = new MemoryStore();
  await inner.create();
  const rate = (): number | undefined => {
    if (clock.nowMs >= 8000) return undefined;
    return clock.nowMs < 5000 ? 50_000 : 100_000;
  };
  await new LimitedStore(inner, { uploadPerSecond: rate }, clock).write(ref, [bytes], { size: bytes.length });
  assert.ok(clock.nowMs >= 8000 && clock.nowMs < 8500, `${clock.nowMs} ms`);
});

test('what can be sent again is sent again from its beginning, and what is not limited is not touched', async () => {
  const sent: Buffer[] = [];
  class Twice extends MemoryStore {
    override async write(to: ObjectRef, body: ObjectBody, options: WriteOptions): Promise<void> {
      assert.equal(isRepeatable(body), true);
      for (let time = 0; time < 2; time++) sent.push(Buffer.concat(await Array.fromAsync(body)));
      await super.write(to, body, options);
    }
  }
  const inner = new Twice();
  await inner.create();
  await new LimitedStore(inner, { uploadPerSecond: () => 1e9 }, new Clock()).write(ref, [bytes], {
    size: bytes.length,
  });
  assert.ok(sent.length === 2 && sent.every((one) => bytes.equals(one)));
  const clock = new Clock();
  assert.ok(bytes.equals(await new LimitedStore(inner, {}, clock).read(ref)));
  assert.equal(clock.nowMs, 0);
});
