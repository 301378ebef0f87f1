import type { Context } from '../program/context.ts';
import type { Word } from '../word.ts';
import { bringRootOnline } from './root-custody.ts';

/** `holdfast ca online FILE` */
export const word: Word = {
  define: (command) => {
    command
      .description('bring the key of the root back for what only it can sign')
      .argument('<file>', 'the file that ca offline wrote')
      .option('--password-file <file>', 'its password is in this file; asked for on a terminal unless said')
      .addHelpText('after', '\nExample:\n  holdfast ca online /media/safe/root.key.age\n');
  },
  run: (context: Context, file: string, options: { readonly passwordFile?: string }) =>
    bringRootOnline(context, file, options),
};
