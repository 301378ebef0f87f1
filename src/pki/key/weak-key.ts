import type { Bytes } from '../../base/index.ts';
import { readDer, reading, tag } from '../der/index.ts';
import { bitLength, maxExponentBits, type RsaPublicKey, readRsaPublicKey, toNumber } from './public-key.ts';

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
const lastSmallFactor = 2048;
let knownFactors: bigint | undefined;

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
  const factors = (knownFactors ??= smallFactors());
  if (commonDivisor(factors, modulus % factors) !== 1n) return 'an rsa modulus with a small factor';
  if (hasRocaFingerprint(modulus))
    return 'the fingerprint of keys that can be factored (ROCA, CVE-2017-15361)';
  if (hasClosePrimes(modulus, fermatRounds))
    return 'an rsa modulus whose primes are close together (CVE-2022-26320)';
  return undefined;
}

function smallFactors(): bigint {
  return primesUpTo(lastSmallFactor).reduce((product, prime) => product * BigInt(prime), 1n);
}

function commonDivisor(a: bigint, b: bigint): bigint {
  let [larger, smaller] = [a, b];
  while (smaller !== 0n) [larger, smaller] = [smaller, larger % smaller];
  return larger;
}

/**
 * Whether Fermat's method finds the two factors of `modulus` within `rounds`: its primes lie so close together that
 * whoever has the public key has the private one (CVE-2022-26320). A square is found in the first round.
 */
export function hasClosePrimes(modulus: bigint, rounds: number): boolean {
  // modulus = a² − b² = (a + b)(a − b), with a hardly above the root when b, half the distance, is small.
  let a = squareRoot(modulus);
  if (a * a < modulus) a += 1n;
  let rest = a * a - modulus;
  for (let round = 0; round < rounds; round++) {
    if (isSquare(rest)) return true;
    rest += 2n * a + 1n;
    a += 1n;
  }
  return false;
}

/** The whole part of the square root of a number that is not negative (Newton's method from above). */
export function squareRoot(number: bigint): bigint {
  if (number < 2n) return number;
  const bits = number.toString(16).length * 4;
  let root = 1n << BigInt((bits + 1) >> 1);
  for (;;) {
    const next = (root + number / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** Most numbers are no square by their remainders alone; only the others cost a root. */
function isSquare(number: bigint): boolean {
  if (!squaresOf256.has(Number(number & 255n))) return false;
  const remainder = Number(number % smallProduct);
  if (!smallPrimes.every((prime) => squares.get(prime)?.has(remainder % prime))) return false;
  const root = squareRoot(number);
  return root * root === number;
}

const smallPrimes = [3, 5, 7, 11, 13, 17, 19, 23];
const smallProduct = BigInt(smallPrimes.reduce((product, prime) => product * prime));
const squares = new Map(smallPrimes.map((prime) => [prime, squaresModulo(prime)]));
const squaresOf256 = squaresModulo(256);

function squaresModulo(modulus: number): ReadonlySet<number> {
  return new Set(Array.from({ length: modulus }, (_, number) => (number * number) % modulus));
}

/** The odd primes up to `last`. */
function primesUpTo(last: number): number[] {
  const primes: number[] = [];
  for (let number = 3; number <= last; number += 2) {
    if (primes.every((prime) => number % prime !== 0)) primes.push(number);
  }
  return primes;
}

/**
 * Whether a modulus has the mark of keys made by a library of Infineon (ROCA, CVE-2017-15361): each of its primes is
 * k·M + (65537^a mod M), where M is a product of small primes, so modulo every one of those the modulus is a power of
 * 65537. One random modulus in about 2^27 has it too.
 *
 * Source: Nemec, Sys, Svenda, Klinec, Matyas: The Return of Coppersmith's Attack, ACM CCS 2017, §2.2 and §3.1. The
 * powers are computed here. M has at least the first 39 primes for every size of key.
 */
function hasRocaFingerprint(modulus: bigint): boolean {
  const { powers, product } = (knownMark ??= rocaMark());
  const remainder = modulus % product;
  return powers.every(({ prime, residues }) => residues.has(Number(remainder % prime)));
}

const generator = 65_537;
const lastPrime = 167;

/** The primes modulo which not every number is a power of 65537, each with those that are, and the product of all. */
interface RocaMark {
  readonly powers: readonly { readonly prime: bigint; readonly residues: ReadonlySet<number> }[];
  readonly product: bigint;
}

let knownMark: RocaMark | undefined;

function rocaMark(): RocaMark {
  const powers = primesUpTo(lastPrime)
    .map((prime) => ({ prime: BigInt(prime), residues: powersModulo(prime) }))
    .filter(({ prime, residues }) => residues.size < Number(prime) - 1);
  return { powers, product: powers.reduce((all, { prime }) => all * prime, 1n) };
}

function powersModulo(prime: number): ReadonlySet<number> {
  const residues = new Set<number>();
  for (let power = 1 % prime; !residues.has(power); power = (power * generator) % prime) residues.add(power);
  return residues;
}
