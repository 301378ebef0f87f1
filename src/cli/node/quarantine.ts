import { withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import type { Answer } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { boundsRows } from './set.ts';

/** `holdfast node quarantine NAME` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'let a client restore and nothing else: it writes nothing, removes nothing, renews no certificate, and nothing of it leaves the trash',
      )
      .argument('<name>', 'a client, as nodes --role client lists it')
      .requiredOption('--reason <text>', 'why, for the log')
      .addHelpText('after', '\nExample:\n  holdfast node quarantine laptop --reason "ransomware, 14:30"\n');
  },
  run: quarantineNode,
};

/** `holdfast node quarantine NAME` */
async function quarantineNode(
  context: Context,
  name: string,
  { reason }: { readonly reason: string },
): Promise<Answer> {
  const order = { name, quarantined: true, reason };
  const bounds = await withAdmin(context, (admin) => admin.call('node.bound', order));
  return { value: bounds, rows: boundsRows(bounds) };
}
