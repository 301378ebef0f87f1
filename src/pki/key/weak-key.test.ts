import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { infineonPrime, nextPrime, randomPrime, rsaKeyOf, rsaSpki } from '../../../test/rig/weak-rsa.ts';
import { exportPublicKey, generateKeyPair, keyAlgorithms, weaknessOfKey } from '../index.ts';
import { hasClosePrimes, squareRoot } from './weak-key.ts';

for (const algorithm of keyAlgorithms) {
  test(`a key made here as ${algorithm} has no known weakness`, async () => {
    const { publicKey } = await generateKeyPair(algorithm);
    assert.equal(weaknessOfKey(exportPublicKey(publicKey)), undefined);
  });
}

test('a key of RSA that is too short or too long is weak, and its size is said', () => {
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  assert.match(weaknessOfKey(exportPublicKey(short)) ?? '', /only 1024 bits of rsa: expected 2048 at least/);
  const pss = generateKeyPairSync('rsa-pss', { modulusLength: 1024 }).publicKey;
  assert.match(weaknessOfKey(exportPublicKey(pss)) ?? '', /only 1024 bits of rsa/);
  assert.match(weaknessOfKey(rsaSpki((1n << 4096n) + 1n)) ?? '', /4097 bits of rsa: expected 4096 at most/);
});

test('an exponent that is even, small or long is weak, and said', () => {
  const modulus = randomPrime() * randomPrime();
  const weaknessWith = (exponent: bigint) => weaknessOfKey(rsaSpki(modulus, exponent)) ?? 'none';
  assert.equal(weaknessWith(65_537n), 'none');
  assert.equal(weaknessWith(0xffff_fffbn), 'none');
  for (const small of [1n, 3n, 17n, 65_535n]) assert.match(weaknessWith(small), /the small rsa exponent/);
  for (const even of [0n, 2n, 65_536n, 65_538n]) assert.match(weaknessWith(even), /the even rsa exponent/);
  assert.match(weaknessWith((1n << 32n) + 1n), /an rsa exponent of 33 bits/);
});

test('primes close together are found, by a key that signs like any other', () => {
  const p = randomPrime();
  for (const distance of [2n, 1n << 100n, 1n << 512n, 1n << 515n]) {
    const key = rsaKeyOf(p, nextPrime(p + distance));
    assert.match(weaknessOfKey(exportPublicKey(key)) ?? '', /primes are close together/);
  }
  assert.equal(weaknessOfKey(rsaSpki(p * nextPrime(p + (1n << 600n)))), undefined);
});

test('a modulus that is a square is weak', () => {
  const p = randomPrime();
  assert.match(weaknessOfKey(rsaSpki(p * p)) ?? '', /close together/);
});

test('the fingerprint of ROCA is found on both primes, and on one alone it is not one', () => {
  const p = infineonPrime();
  const key = rsaKeyOf(p, infineonPrime());
  assert.match(weaknessOfKey(exportPublicKey(key)) ?? '', /ROCA, CVE-2017-15361/);
  assert.equal(weaknessOfKey(rsaSpki(p * randomPrime())), undefined);
});

test('an even modulus, and one with a small factor, are weak', () => {
  const p = randomPrime();
  assert.match(weaknessOfKey(rsaSpki(2n * p * p)) ?? '', /even/);
  assert.match(weaknessOfKey(rsaSpki(2039n * p * p)) ?? '', /small factor/);
});

test("Fermat's method counts its rounds", () => {
  // 11 · 101: a = 34 … 56 until 56² − 1111 = 45².
  assert.equal(hasClosePrimes(1111n, 22), false);
  assert.equal(hasClosePrimes(1111n, 23), true);
});

test('a root is the whole part of it', () => {
  for (const root of [0n, 1n, 2n, 3n, 10n ** 40n]) {
    assert.equal(squareRoot(root * root), root);
    assert.equal(squareRoot(root * root + 2n * root), root);
  }
});

test('what is no key is malformed', () => {
  assert.throws(() => weaknessOfKey(Buffer.of(0x30, 0)), { code: 'key_malformed' });
});
