import { randomInt } from 'node:crypto';

/** What nobody mistakes for another one: neither 0 and o nor 1 and l. */
const letters = 'abcdefghijkmnpqrstuvwxyz23456789';

/** Gives small letters and digits by chance, for names that are never the same again. It is no secret. */
export function chanceText(length: number): string {
  return Array.from({ length }, () => letters[randomInt(letters.length)]).join('');
}
