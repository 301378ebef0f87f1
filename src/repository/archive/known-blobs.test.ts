import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { KnownBlobs } from './known-blobs.ts';

test('an id is claimed once, and ids that begin alike are different', () => {
  const known = KnownBlobs.withRoomFor(1000);
  const ids = Array.from({ length: 500 }, () => randomBytes(32));
  // All in one place of the table.
  for (const id of ids) id.fill(7, 0, 4);
  for (const id of ids) assert.equal(known.claim(id), true);
  for (const id of ids) assert.equal(known.claim(id), false);
});

test('an id is read where it lies', () => {
  const known = KnownBlobs.withRoomFor(10);
  const ids = randomBytes(96);
  assert.equal(known.claim(ids, 32), true);
  assert.equal(known.claim(ids.subarray(32, 64)), false);
  assert.equal(known.claim(ids, 0), true);
  assert.equal(known.claim(ids, 64), true);
});

test('a larger set takes over everything', () => {
  const small = KnownBlobs.withRoomFor(100);
  const ids = Array.from({ length: 150 }, () => randomBytes(32));
  for (const id of ids) small.claim(id);
  const large = KnownBlobs.withRoomFor(1000);
  large.addAll(small);
  for (const id of ids) assert.equal(large.claim(id), false);
  assert.equal(large.claim(randomBytes(32)), true);
});

test('of threads that claim the same ids at once, each id is given to exactly one', async () => {
  const count = 20_000;
  const known = KnownBlobs.withRoomFor(count);
  const program = `
    const { workerData, parentPort } = require('node:worker_threads');
    import(workerData.module).then(({ KnownBlobs }) => {
      const { hash } = require('node:crypto');
      const known = new KnownBlobs(workerData.table);
      let claimed = 0;
      for (let n = 0; n < workerData.count; n++) {
        if (known.claim(hash('sha256', String(n), 'buffer'))) claimed++;
      }
      parentPort.postMessage(claimed);
    });`;
  const workerData = { module: new URL('./known-blobs.ts', import.meta.url).href, table: known.table, count };
  const workers = Array.from({ length: 3 }, () => new Worker(program, { eval: true, workerData }));
  const answers = await Promise.all(
    workers.map(async (worker) => (await once(worker, 'message'))[0] as number),
  );
  assert.equal(
    answers.reduce((sum, claimed) => sum + claimed),
    count,
  );
  assert.equal(known.claim(hash('sha256', '5', 'buffer')), false);
});

test('a set without room says so, and does not look for some for ever', () => {
  const known = KnownBlobs.withRoomFor(1);
  const full = [0, 1].map((n) => new Uint8Array(32).fill(n));
  for (const id of full) assert.equal(known.claim(id), true);
  assert.equal(known.claim(new Uint8Array(32)), false);
  assert.throws(() => known.claim(new Uint8Array(32).fill(2)), TypeError);
});
