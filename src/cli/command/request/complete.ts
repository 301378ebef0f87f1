import type { DefineCommand } from '../../define-command.ts';

/** `holdfast request complete FILE` */
export const defineRequestComplete: DefineCommand = (command, start) => {
  command
    .summary('pair a certificate with the key that waits for it')
    .description('pair a certificate with the key that waits for it in the keystore, by its public key')
    .argument('<file>', 'the certificate and what leads to its authority: PEM, DER or PKCS#7')
    .addHelpText('after', '\nExample:\n  holdfast request complete vault.p7b\n')
    .action(async (file: string) => {
      const { completeRequest } = await import('../../pending-requests.ts');
      await completeRequest(start(command), file);
    });
};
