import type { DefineCommand } from '../../define-command.ts';
import { requestId } from './request-id.ts';

/** `holdfast request show ID` */
export const defineRequestShow: DefineCommand = (command, start) => {
  command
    .summary('show a request and what would be issued for it')
    .description('show who asked for what from where, what would be issued, and what was decided')
    .argument('<id>', 'its number in request list', requestId)
    .addHelpText('after', '\nExamples:\n  holdfast request show 3\n  holdfast request show 3 --json\n')
    .action(async (id: number) => {
      const { showRequest } = await import('../../listing-requests.ts');
      await showRequest(start(command), id);
    });
};
