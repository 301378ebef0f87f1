import { isDeepStrictEqual } from 'node:util';
import { HoldfastError } from '../../base/index.ts';

/** How much is asked for at a time, which every list gives. */
const pageSize = 1000;

/**
 * Everything that a list has, at most `limit`, a page at a time: no server has to hold more than one. `ask` gives so many
 * of those that come after one, or the first. @throws HoldfastError `answer_malformed` for a list that goes round
 */
export async function collectPages<T>(
  ask: (page: { readonly after: T | undefined; readonly limit: number }) => Promise<readonly T[]>,
  limit = Infinity,
): Promise<T[]> {
  const all: T[] = [];
  for (;;) {
    const wanted = Math.min(pageSize, limit - all.length);
    const page = await ask({ after: all.at(-1), limit: wanted });
    if (page.length > 0 && isDeepStrictEqual(page.at(-1), all.at(-1))) throw goesRound();
    all.push(...page);
    if (page.length < wanted || all.length >= limit) return all;
  }
}

/** That a list never comes to its end. */
export function goesRound(): HoldfastError {
  return new HoldfastError('answer_malformed', 'the server answers with the same page of a list again', {
    hint: 'use the same version here and at the server',
  });
}
