import assert from 'node:assert/strict';
import { createCipheriv, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { fromHex, toHex } from '../../base/index.ts';
import { addToCounter, blockCount } from './counter.ts';

const add = (hex: string, blocks: number): string => toHex(addToCounter(fromHex(hex), blocks));

test('a blob at a block border of a longer CTR stream is, alone, encrypted under the counter of that block', () => {
  const key = randomBytes(32);
  const start = fromHex(`${'ff'.repeat(14)}fffe`);
  const plaintext = randomBytes(16 * 5000);
  const stream = createCipheriv('aes-256-ctr', key, start).update(plaintext);
  for (const blocks of [0, 1, 2, 3, 4999]) {
    const alone = createCipheriv('aes-256-ctr', key, addToCounter(start, blocks)).update(
      plaintext.subarray(16 * blocks),
    );
    assert.deepEqual(alone, stream.subarray(16 * blocks), `${blocks} blocks on`);
  }
});

test('a counter carries through all its bytes and wraps around at 2^128', () => {
  assert.equal(add('00'.repeat(16), 2 ** 53 - 1), `${'00'.repeat(9)}1fffffffffffff`);
  assert.equal(add(`${'00'.repeat(8)}${'ff'.repeat(8)}`, 1), `${'00'.repeat(7)}01${'00'.repeat(8)}`);
  assert.equal(add('ff'.repeat(16), 2), `${'00'.repeat(15)}01`);
});

test('a counter can only be moved forward by whole blocks', () => {
  for (const blocks of [-1, 0.5, 2 ** 53]) {
    assert.throws(() => addToCounter(new Uint8Array(16), blocks), TypeError);
  }
  assert.throws(() => addToCounter(new Uint8Array(15), 1), TypeError);
});

test('a part of a block counts as one', () => {
  assert.deepEqual([0, 1, 16, 17].map(blockCount), [0, 1, 1, 2]);
});
