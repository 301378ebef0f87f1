import { Option } from 'commander';
import type { DefineCommand } from '../../define-command.ts';
import type { RequestListOptions } from '../../listing-requests.ts';

/** `holdfast request list` */
export const defineRequestList: DefineCommand = (command, start) => {
  command
    .summary('list the requests that were handed in here')
    .description('list the requests that were handed in to the authority, those that wait unless said')
    .addOption(
      new Option('--state <state>', 'which ones')
        .choices(['pending', 'approved', 'denied', 'expired', 'all'])
        .default('pending'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast request list\n  holdfast request list --state all --json\n',
    )
    .action(async (options: RequestListOptions) => {
      const { listRequests } = await import('../../listing-requests.ts');
      await listRequests(start(command), options);
    });
};
