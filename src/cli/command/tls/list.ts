import type { DefineCommand } from '../../define-command.ts';

/** `holdfast tls list` */
export const defineTlsList: DefineCommand = (command, start) => {
  command
    .summary('list the certificates from elsewhere that are shown')
    .description(
      'list the certificates from elsewhere that are shown, and the roots by which clients take them',
    )
    .addHelpText('after', '\nExamples:\n  holdfast tls list\n  holdfast tls list --json\n')
    .action(async () => {
      const { listBindings } = await import('../../listing-bindings.ts');
      await listBindings(start(command));
    });
};
