import { primesUpTo } from './odd-primes.ts';

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
