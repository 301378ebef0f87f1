import type { Word } from '../word.ts';
import { listTokens } from './listing-tokens.ts';

/** `holdfast token list` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'list the join codes that were made, with how often each was used; the codes themselves are not kept',
      )
      .addHelpText('after', '\nExamples:\n  holdfast token list\n  holdfast token list --json\n');
  },
  run: listTokens,
};
