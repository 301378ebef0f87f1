import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { concatBytes, fromHex, toHex } from '../../base/index.ts';
import { referencePoly1305 } from '../kernel/poly1305.ts';
import { addToCounter, blockCount, generateMasterKey, UnitCipher, unitOverhead } from './unit.ts';

const key = generateMasterKey();
const cipher = new UnitCipher(key, referencePoly1305);

test('what was sealed comes back, whatever its length', () => {
  for (const length of [0, 1, 15, 16, 17, 1000]) {
    const plaintext = randomBytes(length);
    const unit = cipher.seal(plaintext);
    assert.equal(unit.length, length + unitOverhead);
    assert.deepEqual(Buffer.from(cipher.unseal(unit) ?? 'nothing'), plaintext);
  }
});

test('a unit is nonce, AES-256-CTR and Poly1305-AES over the ciphertext', () => {
  const plaintext = randomBytes(50);
  const unit = cipher.seal(plaintext);
  const [nonce, ciphertext, tag] = [unit.subarray(0, 16), unit.subarray(16, 66), unit.subarray(66)];
  assert.deepEqual(createDecipheriv('aes-256-ctr', key.encrypt, nonce).update(ciphertext), plaintext);
  const s = createCipheriv('aes-128-ecb', key.macK, null).update(nonce);
  assert.deepEqual(referencePoly1305(concatBytes(key.macR, s), ciphertext), tag);
});

test('no byte of a unit can be changed, and none left out or added', () => {
  const unit = cipher.seal(randomBytes(40));
  for (let at = 0; at < unit.length; at++) {
    const changed = Uint8Array.from(unit);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.equal(cipher.unseal(changed), undefined, `byte ${at}`);
    assert.equal(cipher.unseal(unit.subarray(0, at)), undefined, `${at} bytes`);
  }
  assert.equal(cipher.unseal(concatBytes(unit, Uint8Array.of(0))), undefined);
});

test('each seal takes another nonce', () => {
  const nonces = Array.from({ length: 100 }, () =>
    Buffer.from(cipher.seal(new Uint8Array()).subarray(0, 16)).toString('hex'),
  );
  assert.equal(new Set(nonces).size, nonces.length);
});

test('a unit whose nonce is all zero is refused, even with the right tag', () => {
  const nonce = new Uint8Array(16);
  const ciphertext = randomBytes(10);
  assert.equal(cipher.unseal(concatBytes(nonce, ciphertext, cipher.tag(nonce, ciphertext))), undefined);
});

test('a key with a part that is all zero or of a wrong length is refused', () => {
  for (const part of ['encrypt', 'macK', 'macR'] as const) {
    for (const bytes of [new Uint8Array(key[part].length), key[part].subarray(1)]) {
      assert.throws(() => new UnitCipher({ ...key, [part]: bytes }, referencePoly1305), TypeError);
    }
  }
});

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
