import { withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast replicate remove NODE` */
export const word: Word = {
  define: (command) => {
    command
      .description('copy what a node stores no more; the copies that are there stay as they are')
      .argument('<node>', 'the node whose repositories are copied')
      .addHelpText('after', '\nExample:\n  holdfast replicate remove vault\n');
  },
  run: removeReplication,
};

/** `holdfast replicate remove NODE` */
async function removeReplication(context: Context, from: string): Promise<Answer> {
  const removed = await withAdmin(context, (admin) => admin.call('replicate.remove', { from }));
  return { value: removed, rows: [row('copied', from, 'no more; the copies stay')] };
}
