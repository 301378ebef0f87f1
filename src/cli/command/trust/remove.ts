import type { DefineCommand } from '../../define-command.ts';

/** `holdfast trust remove --server NAME` */
export const defineTrustRemove: DefineCommand = (command, start) => {
  command
    .summary('believe no root from elsewhere any more for a server name')
    .description(
      'believe no root from elsewhere any more for a server name, as far as this machine was told by trust add',
    )
    .requiredOption('--server <name>', 'the host name or address')
    .addHelpText('after', '\nExample:\n  holdfast trust remove --server vault.example\n')
    .action(async (options: { server: string }) => {
      const { removeTrust } = await import('../../trusting.ts');
      await removeTrust(start(command), options);
    });
};
