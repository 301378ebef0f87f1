import type { Context } from '../program/context.ts';
import type { Word } from '../word.ts';
import { showPending } from './pending-requests.ts';

/** `holdfast request pending` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        "list this machine's own requests that wait for a certificate, with their keys in its keystore, and ask the servers they were handed in at what became of them",
      )
      .option('--forget <name>', 'give a request and its key up')
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast request pending\n  holdfast request pending --forget vault.example\n',
      );
  },
  run: (context: Context, options: { forget?: string }) => showPending(context, options),
};
