import type { DefineCommand } from '../define-command.ts';

/** `holdfast status` */
export const defineStatus: DefineCommand = (command, start) => {
  command
    .addHelpText('after', '\nExamples:\n  holdfast status\n  holdfast status --json\n')
    .action(async () => {
      const { showStatus } = await import('../showing-status.ts');
      await showStatus(start(command));
    });
};
