import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Prng } from '../../../test/rig/prng.ts';
import { CutFinder, cutBits, maxChunkBytes, minChunkBytes, rabinTableBytes } from './rabin.ts';
import { referenceCuts } from './reference-cuts.fixture.ts';

const polynomial = 0x3da3358b4dc173n;
const dataAt = 64 * 1024;

test('zeros are cut at the least length, the rest is one chunk', () => {
  assert.deepEqual(cuts(new Uint8Array(4 * minChunkBytes)), Array(4).fill(minChunkBytes));
  assert.deepEqual(cuts(new Uint8Array(3_000_000)), [...Array<number>(5).fill(minChunkBytes), 378_560]);
});

test('what is shorter than the least length is one chunk, and nothing is none', () => {
  assert.deepEqual(cuts(randomBytes(minChunkBytes - 1)), [minChunkBytes - 1]);
  assert.deepEqual(cuts(new Uint8Array()), []);
});

test('bytes that never give a cut are cut at the greatest length', () => {
  const data = new Uint8Array(maxChunkBytes + 10_000).fill(0xff);
  assert.deepEqual(referenceCuts(data, polynomial), [maxChunkBytes, 10_000]);
  assert.deepEqual(cuts(data), [maxChunkBytes, 10_000]);
});

test('random data is cut as the readable version cuts it, wherever it lies in memory', () => {
  for (const shift of [0, 1, 7, 63]) {
    const data = randomBytes(6 * 2 ** 20 + 12_345 * shift);
    assert.deepEqual(cuts(data, shift), referenceCuts(data, polynomial));
  }
});

test('data with many places to cut is cut at the first of them in each chunk', () => {
  const data = randomBytes(4 * 2 ** 20);
  // 64 zero bytes have the digest zero.
  for (let at = 0; at + 64 < data.length; at += 5000 + (at % 977)) data.fill(0, at, at + 64);
  assert.deepEqual(cuts(data), referenceCuts(data, polynomial));
});

test('every range is searched to its ends and not beyond', () => {
  // Of one seed: any other bytes have a place to cut of their own in these ranges once in sixty runs.
  const { finder, bytes } = memoryWith(new Prng('ranges').bytes(20_000));
  bytes.fill(0, dataAt + 10_000, dataAt + 10_064);
  const hit = dataAt + 10_064;
  assert.equal(finder.find(hit, hit), hit);
  for (const length of [1, 2, 3, 4, 5, 6, 7, 100, 4095, 9000]) {
    assert.equal(finder.find(hit - length, hit - 1), 0, `${length} before`);
    assert.equal(finder.find(hit + 1, hit + length), 0, `${length} after`);
    for (const after of [0, 1, 2, 3, 1000]) {
      assert.equal(finder.find(hit - length, hit + after), hit, `${length} and ${after} around`);
    }
  }
});

test('another polynomial cuts elsewhere', () => {
  const data = randomBytes(8 * 2 ** 20);
  assert.notDeepEqual(referenceCuts(data, polynomial), referenceCuts(data, 0x3abc9bff07d9e5n));
});

test('a place to cut comes about once in two to the cut bits', () => {
  const { finder, end } = memoryWith(randomBytes(32 * 2 ** 20));
  let found = 0;
  for (let at = finder.find(dataAt + 64, end); at !== 0; at = finder.find(at + 1, end)) found++;
  // Poisson with a mean of 32: outside these bounds once in a million runs.
  assert.ok(found > 8 && found < 68, `${found} of ${32 * 2 ** (20 - cutBits)}`);
});

/** Cuts `data` the way the scanner does. */
function cuts(data: Uint8Array, shift = 0): number[] {
  const { finder, end } = memoryWith(data, shift);
  const lengths: number[] = [];
  for (let start = dataAt + shift; start < end; ) {
    const longest = start + maxChunkBytes;
    const found = finder.find(start + minChunkBytes, Math.min(end, longest));
    const cut = found === 0 ? Math.min(end, longest) : found;
    lengths.push(cut - start);
    start = cut;
  }
  return lengths;
}

function memoryWith(data: Uint8Array, shift = 0): { finder: CutFinder; bytes: Uint8Array; end: number } {
  const pages = Math.ceil((dataAt + shift + data.length) / 65_536) + 1;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(data, dataAt + shift);
  assert.ok(rabinTableBytes <= dataAt);
  return { finder: new CutFinder(memory, polynomial), bytes, end: dataAt + shift + data.length };
}
