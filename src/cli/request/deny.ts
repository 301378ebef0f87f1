import { withAdmin } from '../home/administering.ts';
import { requestId } from '../options/option-values.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast request deny ID --reason TEXT` */
export const word: Word = {
  define: (command) => {
    command
      .description('refuse a request; whoever handed it in can read the reason')
      .argument('<id>', 'its number in request list', requestId)
      .requiredOption('--reason <text>', 'why, for the log and for who asked')
      .addHelpText('after', '\nExample:\n  holdfast request deny 3 --reason "not one of our machines"\n');
  },
  run: denyRequest,
};

/** `holdfast request deny ID --reason TEXT` */
async function denyRequest(
  context: Context,
  id: number,
  { reason }: { readonly reason: string },
): Promise<Answer> {
  const denied = await withAdmin(context, (admin) => admin.call('request.deny', { id, reason }));
  return {
    value: denied,
    rows: [
      row('denied', `request ${id} for ${denied.identity}`, `by ${denied.decidedBy}`),
      row('reason', denied.reason ?? ''),
    ],
  };
}
