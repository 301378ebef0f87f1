import type { DefineCommand } from '../../define-command.ts';
import { requestId } from './request-id.ts';

/** `holdfast request deny ID --reason TEXT` */
export const defineRequestDeny: DefineCommand = (command, start) => {
  command
    .summary('refuse a request')
    .description('refuse a request; whoever handed it in can read the reason')
    .argument('<id>', 'its number in request list', requestId)
    .requiredOption('--reason <text>', 'why, for the log and for who asked')
    .addHelpText('after', '\nExample:\n  holdfast request deny 3 --reason "not one of our machines"\n')
    .action(async (id: number, { reason }: { readonly reason: string }) => {
      const { denyRequest } = await import('../../deciding-requests.ts');
      await denyRequest(start(command), id, reason);
    });
};
