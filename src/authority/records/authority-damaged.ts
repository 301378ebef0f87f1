import { HoldfastError } from '../../base/index.ts';

/** That what is kept of an authority does not fit together. */
export function authorityDamaged(problem: string): HoldfastError {
  return new HoldfastError('authority_damaged', `the authority is damaged: ${problem}`, {
    hint: 'keep the home as it is and restore the newest backup of the authority',
  });
}
