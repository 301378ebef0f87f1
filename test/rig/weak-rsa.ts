import { checkPrimeSync, createPrivateKey, createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { type Bytes, toHex } from '../../src/base/index.ts';
import { exportPublicKey } from '../../src/pki/index.ts';

/** The SubjectPublicKeyInfo of an RSA key with these numbers, which may be of any kind. */
export function rsaSpki(modulus: bigint, exponent = 65_537n): Bytes {
  const key = { kty: 'RSA', n: base64url(modulus), e: base64url(exponent) };
  return exportPublicKey(createPublicKey({ key, format: 'jwk' }));
}

/** A private key of these two primes, which signs like any other. */
export function rsaKeyOf(p: bigint, q: bigint, e = 65_537n): KeyObject {
  const d = inverse(e, (p - 1n) * (q - 1n));
  const numbers = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  const fields = Object.entries(numbers).map(([name, number]) => [name, base64url(number)]);
  return createPrivateKey({ key: { kty: 'RSA', ...Object.fromEntries(fields) }, format: 'jwk' });
}

/** A prime of 1024 bits whose product with another such one has 2048; one less is no multiple of 65537. */
export function randomPrime(): bigint {
  const bytes = randomBytes(128);
  bytes[0] = (bytes[0] as number) | 0xc0;
  return nextPrime(BigInt(`0x${toHex(bytes)}`));
}

/** The first prime from `start` on. */
export function nextPrime(start: bigint): bigint {
  let number = start | 1n;
  while (!checkPrimeSync(number) || number % 65_537n === 1n) number += 2n;
  return number;
}

/** A prime as the library of Infineon made them: k·M + 65537^a mod M, M the product of the primes up to 167. */
export function infineonPrime(): bigint {
  const product = [2n, ...Array.from({ length: 83 }, (_, index) => BigInt(2 * index + 3))]
    .filter((number) => number <= 167n && checkPrimeSync(number))
    .reduce((all, prime) => all * prime, 1n);
  let residue = 1n;
  for (let count = randomBytes(2).readUInt16BE(); count > 0; count--) residue = (residue * 65_537n) % product;
  let number = (randomPrime() / product) * product + residue;
  while (!checkPrimeSync(number) || number % 65_537n === 1n) number += product;
  return number;
}

function inverse(number: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [number % modulus, modulus, 1n, 0n];
  while (a > 1n) {
    const quotient = a / b;
    [a, b, x, y] = [b, a % b, y, x - quotient * y];
  }
  return x < 0n ? x + modulus : x;
}

function base64url(number: bigint): string {
  const hex = number.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
}
