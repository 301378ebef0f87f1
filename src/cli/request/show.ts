import type { Word } from '../word.ts';
import { showRequest } from './listing-requests.ts';
import { requestId } from './request-id.ts';

/** `holdfast request show ID` */
export const word: Word = {
  define: (command) => {
    command
      .description('show who asked for what from where, what would be issued, and what was decided')
      .argument('<id>', 'its number in request list', requestId)
      .addHelpText('after', '\nExamples:\n  holdfast request show 3\n  holdfast request show 3 --json\n');
  },
  run: showRequest,
};
