import type { Bytes } from '../../base/index.ts';
import { readDer, reading, tag } from '../der/index.ts';
import {
  bitLength,
  maxExponentBits,
  type RsaPublicKey,
  readRsaPublicKey,
  toNumber,
} from './rsa-public-key.ts';
import { hasClosePrimes, hasRocaFingerprint, primesUpTo } from './weak-primes.ts';

/**
 * Why the key in a SubjectPublicKeyInfo can be broken, for people, or undefined when no reason is known: RSA below 2048
 * or above 4096 bits, with an even exponent or one below 65537, with a small factor, with primes close together, or
 * with the ROCA fingerprint. A key on a curve has no such ways of being weak; that its point lies on the curve is seen
 * when it is imported.
 * @throws HoldfastError `key_malformed`
 */
export function weaknessOfKey(spki: Bytes): string | undefined {
  const key = reading('key_malformed', 'public key', () => rsaKeyIn(spki));
  if (key === undefined) return undefined;
  return weaknessOfNumbers(key) ?? weaknessOfModulus(toNumber(key.modulus));
}

const rsaOids: readonly string[] = ['1.2.840.113549.1.1.1', '1.2.840.113549.1.1.10'];
const minModulusBits = 2048;
const maxModulusBits = 4096;
const minExponent = 65_537n;
/** As many as those who published the weakness took; real keys of that kind fall in the first few. */
const fermatRounds = 100;
const smallFactors = primesUpTo(2048).reduce((product, prime) => product * BigInt(prime), 1n);

function rsaKeyIn(spki: Bytes): RsaPublicKey | undefined {
  return readDer(spki, (reader) =>
    reader.inside(tag.sequence, () => {
      const oid = reader.inside(tag.sequence, () => {
        const algorithm = reader.oid();
        while (!reader.done) reader.element();
        return algorithm;
      });
      const bits = reader.bitStringBytes();
      return rsaOids.includes(oid) ? readRsaPublicKey(bits) : undefined;
    }),
  );
}

/** What can be seen at once. */
function weaknessOfNumbers({ modulus, exponent }: RsaPublicKey): string | undefined {
  const bits = bitLength(modulus);
  if (bits < minModulusBits) return `only ${bits} bits of rsa: expected ${minModulusBits} at least`;
  if (bits > maxModulusBits) return `${bits} bits of rsa: expected ${maxModulusBits} at most`;
  const exponentBits = bitLength(exponent);
  if (exponentBits > maxExponentBits)
    return `an rsa exponent of ${exponentBits} bits: expected 65537, or ${maxExponentBits} bits at most`;
  const e = exponentBits === 0 ? 0n : toNumber(exponent);
  if (e % 2n === 0n) return `the even rsa exponent ${e}: expected 65537`;
  return e < minExponent ? `the small rsa exponent ${e}: expected 65537` : undefined;
}

function weaknessOfModulus(modulus: bigint): string | undefined {
  if (modulus % 2n === 0n) return 'an rsa modulus that is even';
  if (commonDivisor(smallFactors, modulus % smallFactors) !== 1n) return 'an rsa modulus with a small factor';
  if (hasRocaFingerprint(modulus))
    return 'the fingerprint of keys that can be factored (ROCA, CVE-2017-15361)';
  if (hasClosePrimes(modulus, fermatRounds))
    return 'an rsa modulus whose primes are close together (CVE-2022-26320)';
  return undefined;
}

function commonDivisor(a: bigint, b: bigint): bigint {
  let [larger, smaller] = [a, b];
  while (smaller !== 0n) [larger, smaller] = [smaller, larger % smaller];
  return larger;
}
