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
