import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Arena, createArena, leaseCount } from './arena.ts';
import { endLease, ReadRing } from './read-ring.ts';

const mebibyte = 2 ** 20;

function createRing(): { arena: Arena; ring: ReadRing; bytes: Uint8Array } {
  const arena = createArena(2);
  return { arena, ring: new ReadRing(arena), bytes: new Uint8Array(arena.memory.buffer) };
}

test('what is not leased or leased and not given back is not free', () => {
  const { arena, ring } = createRing();
  const size = arena.ring.bytes;
  ring.head = size;
  assert.equal(ring.isFree(size), true);
  assert.equal(ring.isFree(size + 1), false);
  const first = ring.lease(size / 2);
  const second = ring.lease(size);
  endLease(arena, second);
  assert.equal(ring.isFree(size + 1), false, 'the first is still out');
  endLease(arena, first);
  assert.equal(ring.isFree(2 * size), true);
  assert.equal(ring.isFree(2 * size + 1), false);
});

test('room is what lies between the start of a chunk and the end of the ring, however far it was read', () => {
  const { arena, ring } = createRing();
  const size = arena.ring.bytes;
  ring.head = size - 3 * mebibyte;
  assert.equal(ring.straightRoom(size - 5 * mebibyte), 3 * mebibyte);
  // Exactly at the end: the next byte would come to lie at the beginning, apart from the rest of its chunk.
  ring.head = size;
  assert.equal(ring.straightRoom(size - 5 * mebibyte), 0);
  assert.equal(ring.straightRoom(size), size);
});

for (const short of [10, 0]) {
  test(`an open chunk that was read up to ${short} bytes before the end is carried over with its bytes`, () => {
    const { arena, ring, bytes } = createRing();
    ring.head = arena.ring.bytes - short;
    const start = ring.head - 1000;
    const at = ring.addressOf(start);
    for (let n = 0; n < 1000; n++) bytes[at + n] = n % 251;
    endLease(arena, ring.lease(start));
    const moved = ring.wrap(start);
    assert.equal(ring.addressOf(moved), arena.ring.at);
    assert.equal(ring.head, moved + 1000);
    for (let n = 0; n < 1000; n++) assert.equal(bytes[arena.ring.at + n], n % 251);
  });
}

test('more than the ring holds is a mistake and not a wait without end', () => {
  const { arena, ring } = createRing();
  ring.head = 1;
  assert.throws(() => ring.waitFor(arena.ring.bytes + 1), TypeError);
});

test('flags of leases are used again only when they are back', () => {
  const { arena, ring } = createRing();
  for (let n = 0; n < 5 * leaseCount; n++) {
    ring.head = n + 1;
    endLease(arena, ring.lease(n + 1));
  }
  assert.equal(ring.isFree(5 * leaseCount + arena.ring.bytes), true);
});
