import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSize, parseSize } from './sizes.ts';

test('a size is read with its unit, and nothing else is', () => {
  const sizes = {
    '0': 0,
    '1024': 1024,
    '500GB': 500e9,
    '10 MiB': 10 * 1024 ** 2,
    '2G': 2 * 1024 ** 3,
    '7B': 7,
  };
  for (const [text, bytes] of Object.entries(sizes)) assert.equal(parseSize(text), bytes, text);
  for (const text of ['', 'GB', '-1', '1.5GB', '1gb', '1 toString', '999999999999999TB', '1e9'])
    assert.equal(parseSize(text), undefined, text);
});

test('a size is written as it is read', () => {
  for (const bytes of [0, 1, 1000, 1024, 1001, 500e9, 64 * 1024 ** 2, 3e12])
    assert.equal(parseSize(formatSize(bytes)), bytes);
  assert.deepEqual(
    [formatSize(500e9), formatSize(64 * 1024 ** 2), formatSize(1001)],
    ['500GB', '64MiB', '1001B'],
  );
});
