import { askAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import type { Answer } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { copyTable } from './copy-table.ts';

/** `holdfast replicate status` */
export const word: Word = {
  define: (command) => {
    command
      .description('show how far the copies are of what this server stores')
      .addHelpText('after', '\nExamples:\n  holdfast replicate status\n  holdfast replicate status --json\n');
  },
  run: showReplicas,
};

/** `holdfast replicate status` */
async function showReplicas(context: Context): Promise<Answer> {
  const copies = await askAdmin(context, (admin) => admin.call('replicate.status', {}));
  return { value: copies, rows: [copyTable(copies)] };
}
