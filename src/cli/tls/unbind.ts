import { addRules, exactlyOne } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import type { Word } from '../word.ts';
import { unbindCertificate } from './bind.ts';

/** `holdfast tls unbind --host NAME | --listener NAME` */
export const word: Word = {
  define: (command) => {
    addRules(command, exactlyOne('--host', '--listener'));
    command
      .description("show the network's own certificate again, and have clients forget the roots")
      .option('--host <name>', 'for this host name')
      .option('--listener <name>', 'for this listener')
      .addHelpText('after', '\nExample:\n  holdfast tls unbind --host vault.example\n');
  },
  run: (context: Context, options: { host?: string; listener?: string }) =>
    unbindCertificate(context, options),
};
