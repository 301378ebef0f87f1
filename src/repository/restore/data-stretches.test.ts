import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataStretches, holeBytes } from './write-file.ts';

/** A piece of `blocks` blocks, those listed with something in them. */
function piece(blocks: number, full: readonly number[]): Buffer {
  const bytes = Buffer.alloc(blocks * holeBytes);
  for (const block of full) bytes[block * holeBytes + holeBytes - 1] = 1;
  return bytes;
}

const stretches = (bytes: Buffer, offset = 0): number[][] =>
  Array.from(dataStretches(bytes, offset), ([start, end]) => [start / holeBytes, end / holeBytes]);

test('whole blocks of zeros are left out, wherever they lie', () => {
  assert.deepEqual(stretches(piece(6, [1, 2, 4])), [
    [1, 3],
    [4, 5],
  ]);
  assert.deepEqual(stretches(piece(4, [])), []);
  assert.deepEqual(stretches(piece(2, [0, 1])), [[0, 2]]);
});

test('blocks are counted from the beginning of the file, not of the piece', () => {
  assert.deepEqual(stretches(piece(3, []), holeBytes / 2), [
    [0, 0.5],
    [2.5, 3],
  ]);
  assert.deepEqual(stretches(piece(1, []).subarray(1), 1), [[0, 1 - 1 / holeBytes]]);
});

test('a piece without a whole block of zeros is one stretch, an empty one none', () => {
  assert.deepEqual(stretches(Buffer.alloc(0)), []);
  assert.deepEqual(stretches(Buffer.alloc(holeBytes / 2)), [[0, 0.5]]);
});
