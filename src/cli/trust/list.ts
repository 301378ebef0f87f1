import type { Word } from '../word.ts';
import { listTrust } from './trusting.ts';

/** `holdfast trust list` */
export const word: Word = {
  define: (command) => {
    command
      .description('list the roots that this machine believes, for whom, and who said so')
      .addHelpText('after', '\nExamples:\n  holdfast trust list\n  holdfast trust list --json\n');
  },
  run: listTrust,
};
