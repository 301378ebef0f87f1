import { HoldfastError } from '../../base/index.ts';
import type { Context } from '../program/context.ts';
import { plural } from '../terminal/format.ts';

/** What of a snapshot could not be read, each said as it comes. */
export interface PathProblems {
  readonly onProblem: (path: string, error: Error) => void;
  readonly count: number;
}

/** Warns of each problem, and counts them. */
export function tellingProblems({ output }: Context): PathProblems {
  let count = 0;
  return {
    onProblem: (path, { message }) => {
      count++;
      output.warn(`${path}: ${message}`);
    },
    get count() {
      return count;
    },
  };
}

/** The failure that there were problems; `rest` says what is good all the same. */
export function damageIn({ count }: PathProblems, rest: string): HoldfastError | undefined {
  if (count === 0) return undefined;
  return new HoldfastError('repository_damaged', `${plural(count, 'problem')}, each named above`, {
    hint: `${rest}; holdfast check names everything that is affected`,
  });
}
