import { InvalidArgumentError } from 'commander';
import type { Word } from '../word.ts';
import { revokeToken } from './listing-tokens.ts';

/** `holdfast token revoke ID` */
export const word: Word = {
  define: (command) => {
    command
      .description('end a join code; machines that have joined with it stay')
      .argument('<id>', 'its number in token list', parseId)
      .addHelpText('after', '\nExample:\n  holdfast token revoke 3\n');
  },
  run: revokeToken,
};

function parseId(text: string): number {
  if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a number of holdfast token list');
}
