import { Option } from 'commander';
import type { Word } from '../word.ts';
import { listRequests } from './listing-requests.ts';

/** `holdfast request list` */
export const word: Word = {
  define: (command) => {
    command
      .description('list the requests that were handed in to the authority, those that wait unless said')
      .addOption(
        new Option('--state <state>', 'which ones')
          .choices(['pending', 'approved', 'denied', 'expired', 'all'])
          .default('pending'),
      )
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast request list\n  holdfast request list --state all --json\n',
      );
  },
  run: listRequests,
};
