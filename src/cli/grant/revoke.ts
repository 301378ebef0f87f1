import { withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import type { Answer } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { grantArgument, grantRows } from './grant-rows.ts';

/** `holdfast grant revoke ID` */
export const word: Word = {
  define: (command) => {
    command
      .description('end a grant: nothing is read by it any more')
      .addArgument(grantArgument())
      .addHelpText('after', '\nExample:\n  holdfast grant revoke 7\n');
  },
  run: revokeGrant,
};

/** `holdfast grant revoke ID` */
async function revokeGrant(context: Context, id: number): Promise<Answer> {
  const grant = await withAdmin(context, (admin) => admin.call('grant.revoke', { id }));
  return { value: grant, rows: grantRows(grant) };
}
