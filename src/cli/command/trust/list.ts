import type { DefineCommand } from '../../define-command.ts';

/** `holdfast trust list` */
export const defineTrustList: DefineCommand = (command, start) => {
  command
    .summary('list the roots that this machine believes, and for whom')
    .description('list the roots that this machine believes, for whom, and who said so')
    .addHelpText('after', '\nExamples:\n  holdfast trust list\n  holdfast trust list --json\n')
    .action(async () => {
      const { listTrust } = await import('../../trusting.ts');
      await listTrust(start(command));
    });
};
