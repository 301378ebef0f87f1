import { withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import type { Answer } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { boundsRows } from './set.ts';

/** `holdfast node release NAME` */
export const word: Word = {
  define: (command) => {
    command
      .description('end the quarantine of a client: it may do again what it might before')
      .argument('<name>', 'a client, as nodes --role client lists it')
      .option('--reason <text>', 'why, for the log')
      .addHelpText('after', '\nExample:\n  holdfast node release laptop\n');
  },
  run: releaseNode,
};

/** `holdfast node release NAME` */
async function releaseNode(
  context: Context,
  name: string,
  { reason }: { readonly reason?: string },
): Promise<Answer> {
  const order = { name, quarantined: false, reason };
  const bounds = await withAdmin(context, (admin) => admin.call('node.bound', order));
  return { value: bounds, rows: boundsRows(bounds) };
}
