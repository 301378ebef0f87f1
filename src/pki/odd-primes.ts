/** The odd primes up to `last`. */
export function primesUpTo(last: number): number[] {
  const primes: number[] = [];
  for (let number = 3; number <= last; number += 2) {
    if (primes.every((prime) => number % prime !== 0)) primes.push(number);
  }
  return primes;
}
