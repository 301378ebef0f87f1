import { describeBinding } from '../../server/index.ts';
import { withAdmin } from '../home/administering.ts';
import { addRules, atMostOne } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast tls unbind [--host NAME | --listener NAME]` */
export const word: Word = {
  define: (command) => {
    addRules(command, atMostOne('--host', '--listener'));
    command
      .description("show the server's own certificate again, and have clients forget the roots")
      .option('--host <name>', 'for this host name')
      .option('--listener <name>', 'for this listener')
      .addHelpText(
        'after',
        '\nWithout --host and --listener: what is bound to every listener.\n\nExamples:\n  holdfast tls unbind\n  holdfast tls unbind --host vault.example\n',
      );
  },
  run: unbind,
};

/** `holdfast tls unbind` */
async function unbind(
  context: Context,
  { host, listener }: { readonly host?: string | undefined; readonly listener?: string | undefined },
): Promise<Answer> {
  const target = await withAdmin(context, (admin) => admin.call('tls.unbind', { host, listener }));
  return {
    value: target,
    rows: [row('unbound', describeBinding(target), "the server's own certificate is shown again")],
  };
}
