import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathText, textPath } from './raw-path.ts';

test('a path that is UTF-8 is its text', () => {
  assert.equal(pathText(Buffer.from('/home/ünï/😀')), '/home/ünï/😀');
});

test('bytes that are not UTF-8 become lone surrogates, the rest stays', () => {
  assert.equal(pathText(Buffer.from([0x61, 0xff, 0xc3, 0xa4, 0xc3])), 'a\udcffä\udcc3');
});

test('different names are never one text', () => {
  const names = [[0xff], [0xfe], [0xef, 0xbf, 0xbd], [0xed, 0xb3, 0xbf], [0xed, 0xb3], [0xc3]];
  const texts = new Set(names.map((name) => pathText(Buffer.from(name))));
  assert.equal(texts.size, names.length);
});

test('a text leads back to the bytes it shows', () => {
  for (const bytes of [
    [0x61, 0xff, 0xc3, 0xa4, 0xc3],
    [0xef, 0xbf, 0xbd],
    [0xf0, 0x9f, 0x98, 0x80, 0xf0],
  ]) {
    assert.deepEqual([...textPath(pathText(Buffer.from(bytes)))], bytes);
  }
});
