import { askAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import type { Answer } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { grantArgument, grantRows } from './grant-rows.ts';

/** `holdfast grant show ID` */
export const word: Word = {
  define: (command) => {
    command
      .description('show a grant, what it waits for, and until when it stands')
      .addArgument(grantArgument())
      .addHelpText('after', '\nExample:\n  holdfast grant show 7\n');
  },
  run: showGrant,
};

/** `holdfast grant show ID` */
async function showGrant(context: Context, id: number): Promise<Answer> {
  const grant = await askAdmin(context, (admin) => admin.call('grant.show', { id }));
  return { value: grant, rows: grantRows(grant) };
}
