import type { DefineCommand } from '../../define-command.ts';

/** `holdfast key list` */
export const defineKeyList: DefineCommand = (command, start) => {
  command
    .summary('list the repositories that this machine has a key of')
    .description(
      'list the repositories that this machine has a key of, now and before: a key is kept for ever, and used again when its repository is back',
    )
    .addHelpText('after', '\nExamples:\n  holdfast key list\n  holdfast key list --json\n')
    .action(async () => {
      const { listKeys } = await import('../../listing-keys.ts');
      await listKeys(start(command));
    });
};
