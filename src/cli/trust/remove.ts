import type { Context } from '../program/context.ts';
import type { Word } from '../word.ts';
import { removeTrust } from './trusting.ts';

/** `holdfast trust remove --server NAME` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'believe no root from elsewhere any more for a server name, as far as this machine was told by trust add',
      )
      .requiredOption('--server <name>', 'the host name or address')
      .addHelpText('after', '\nExample:\n  holdfast trust remove --server vault.example\n');
  },
  run: (context: Context, options: { server: string }) => removeTrust(context, options),
};
