import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BlobId, idOf, type PackedBlob } from '../format/blob.ts';
import { BlobIndex } from '../format/blob-index.ts';
import { planContent, type WantedFile } from './content-plan.ts';

const kib = 1024;
const mib = 1024 * kib;
const idFor = (name: string): BlobId => idOf(Buffer.from(name));

/** An index of one pack for each list of blobs, `[name, length]`, that lie side by side. */
function indexOf(...packs: readonly (readonly (readonly [string, number])[])[]): BlobIndex {
  const index = new BlobIndex();
  for (const [number, blobs] of packs.entries()) {
    let offset = 0;
    const packed = blobs.map(([name, length]): PackedBlob => {
      offset += length;
      return { id: idFor(name), type: 'data', offset: offset - length, length };
    });
    index.add({ id: idFor(`pack ${number}`), blobs: packed });
  }
  return index;
}

const file = (...names: readonly string[]): WantedFile => ({
  path: Buffer.from(names.join()),
  content: names.map(idFor),
  size: 0,
});

/** Each run as pack, start, end and number of pieces. */
function plan(
  index: BlobIndex,
  files: readonly WantedFile[],
  damaged: ReadonlySet<number> = new Set(),
): number[][] {
  const { runs, lost } = planContent(files, index, damaged);
  assert.deepEqual(lost, []);
  return runs.map(({ pack, start, end, pieces }) => [pack, start, end, pieces.length]);
}

test('a stretch is read once for all files that want it', () => {
  const index = indexOf([
    ['a', 100],
    ['b', 100],
    ['c', 100],
  ]);
  assert.deepEqual(plan(index, [file('c', 'a'), file('b'), file('b', 'b')]), [[0, 0, 300, 5]]);
  const { runs } = planContent([file('c', 'a', 'c')], index, new Set());
  const pieces = runs[0]?.pieces.map(({ offset, slot }) => [offset, slot]);
  assert.deepEqual(pieces, [
    [68, 0],
    [0, 2],
    [136, 2],
  ]);
});

test('small gaps are read over, larger ones are not, and no stretch gets too long', () => {
  const gaps = indexOf([
    ['a', kib],
    ['x', 100 * kib],
    ['b', kib],
    ['y', 200 * kib],
    ['c', kib],
  ]);
  assert.deepEqual(plan(gaps, [file('a', 'b', 'c')]), [
    [0, 0, 102 * kib, 2],
    [0, 302 * kib, 303 * kib, 1],
  ]);
  const long = indexOf([
    ['a', mib],
    ['b', mib],
    ['c', mib],
    ['huge', 9 * mib],
    ['d', mib],
  ]);
  assert.deepEqual(plan(long, [file('a', 'b', 'c', 'huge', 'huge', 'd')]), [
    [0, 0, 2 * mib, 2],
    [0, 2 * mib, 3 * mib, 1],
    [0, 3 * mib, 12 * mib, 2],
    [0, 12 * mib, 13 * mib, 1],
  ]);
});

test('packs come in the order in which they are first wanted', () => {
  const index = indexOf([['a', 40]], [['b', 40]], [['c', 40]]);
  assert.deepEqual(
    plan(index, [file('c', 'a'), file('b', 'c')]).map(([pack]) => pack),
    [2, 0, 1],
  );
});

test('another copy is taken when one is damaged, and a file without any is lost', () => {
  const index = indexOf(
    [
      ['a', 40],
      ['b', 40],
    ],
    [['a', 40]],
  );
  assert.deepEqual(plan(index, [file('a')], new Set([0])), [[1, 0, 40, 1]]);
  const { runs, lost } = planContent([file('b'), file('a', 'nowhere')], index, new Set([1]));
  assert.deepEqual(runs, []);
  assert.deepEqual(
    lost.map(({ problem }) => problem.message),
    ['b', 'nowhere'].map((name) => `data blob ${idFor(name)} is in no pack that the index knows`),
  );
});
