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
export function primesUpTo(last: number): number[] {
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
export function hasRocaFingerprint(modulus: bigint): boolean {
  const remainder = modulus % product;
  return powers.every(({ prime, residues }) => residues.has(Number(remainder % prime)));
}

const generator = 65_537;
const lastPrime = 167;

/** The primes modulo which not every number is a power of 65537. */
const powers = primesUpTo(lastPrime)
  .map((prime) => ({ prime: BigInt(prime), residues: powersModulo(prime) }))
  .filter(({ prime, residues }) => residues.size < Number(prime) - 1);

const product = powers.reduce((all, { prime }) => all * prime, 1n);

function powersModulo(prime: number): ReadonlySet<number> {
  const residues = new Set<number>();
  for (let power = 1 % prime; !residues.has(power); power = (power * generator) % prime) residues.add(power);
  return residues;
}
