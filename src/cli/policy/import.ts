import type { Context } from '../program/context.ts';
import type { Word } from '../word.ts';
import { importPolicy } from './changing-policy.ts';

/** `holdfast policy import FILE` */
export const word: Word = {
  define: (command) => {
    command
      .description('show what the policy of a file would change, and with --yes put it in place')
      .argument('<file>', 'a file of policy export')
      .option('--yes', 'put it in place')
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast policy import policy.json\n  holdfast policy import policy.json --yes\n',
      );
  },
  run: (context: Context, file: string, { yes = false }: { readonly yes?: boolean }) =>
    importPolicy(context, file, yes),
};
