import type { Context } from '../program/context.ts';
import type { Word } from '../word.ts';
import { denyRequest } from './deciding-requests.ts';
import { requestId } from './request-id.ts';

/** `holdfast request deny ID --reason TEXT` */
export const word: Word = {
  define: (command) => {
    command
      .description('refuse a request; whoever handed it in can read the reason')
      .argument('<id>', 'its number in request list', requestId)
      .requiredOption('--reason <text>', 'why, for the log and for who asked')
      .addHelpText('after', '\nExample:\n  holdfast request deny 3 --reason "not one of our machines"\n');
  },
  run: (context: Context, id: number, { reason }: { readonly reason: string }) =>
    denyRequest(context, id, reason),
};
