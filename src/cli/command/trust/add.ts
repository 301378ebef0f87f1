import type { DefineCommand } from '../../define-command.ts';

/** `holdfast trust add --server NAME --file FILE` */
export const defineTrustAdd: DefineCommand = (command, start) => {
  command
    .summary('believe a root from elsewhere for one server name')
    .description('believe a root from elsewhere for one server name, on this machine; kept across renewals')
    .requiredOption('--server <name>', 'the host name or address that the server is called by')
    .requiredOption('--file <file>', 'the root: PEM, DER or PKCS#7')
    .addHelpText('after', '\nExample:\n  holdfast trust add --server vault.example --file outside-root.pem\n')
    .action(async (options: { server: string; file: string }) => {
      const { addTrust } = await import('../../trusting.ts');
      await addTrust(start(command), options);
    });
};
