import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { equalBytes, isHoldfastError } from '../../base/index.ts';
import { compress, decodeUnpacked, decompress, encodeUnpacked } from './compression.ts';

const isDamage = (error: unknown): boolean => isHoldfastError(error, 'repository_damaged');

test('what was compressed comes back', () => {
  for (const plain of [
    Buffer.alloc(0),
    Buffer.from('a'),
    Buffer.alloc(3_000_000, 'abc'),
    randomBytes(100_000),
  ]) {
    assert.ok(equalBytes(decompress(compress(plain), plain.length), plain));
  }
});

test('a frame that holds more than is allowed is refused before it fills the memory', () => {
  const bomb = compress(Buffer.alloc(64 * 2 ** 20));
  assert.ok(bomb.length < 10_000);
  assert.throws(() => decompress(bomb, 2 ** 20), isDamage);
});

test('what is no whole zstd frame is refused', () => {
  const frame = compress(Buffer.from('some text'));
  for (const bytes of [Buffer.alloc(0), randomBytes(50), frame.subarray(0, frame.length - 2)]) {
    assert.throws(() => decompress(bytes, 1000), isDamage);
  }
});

test('a file beside the packs is compressed in version 2 and plain in version 1, and both are read', () => {
  const json = Buffer.from('{"a":1}');
  assert.equal(encodeUnpacked(json, 2)[0], 2);
  assert.deepEqual(encodeUnpacked(json, 1), json);
  for (const version of [1, 2] as const)
    assert.deepEqual(Buffer.from(decodeUnpacked(encodeUnpacked(json, version), 'x')), json);
  assert.equal(decodeUnpacked(new Uint8Array(), 'x').length, 0);
});

test('an encoding that nobody knows is damage, and names the file', () => {
  assert.throws(
    () => decodeUnpacked(Uint8Array.of(7, 1, 2), 'index abc'),
    /index abc has the unknown encoding 7/,
  );
  assert.throws(() => decodeUnpacked(Uint8Array.of(2, 1, 2), 'index abc'), /index abc does not decompress/);
});
