import type { Word } from '../word.ts';
import { exportPolicy } from './changing-policy.ts';

/** `holdfast policy export FILE` */
export const word: Word = {
  define: (command) => {
    command
      .description('write the whole policy into a JSON file, for version control or for another network')
      .argument('<file>', 'the file; one that is there is replaced')
      .addHelpText('after', '\nExample:\n  holdfast policy export policy.json\n');
  },
  run: exportPolicy,
};
