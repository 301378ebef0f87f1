import type { DefineCommand } from '../../define-command.ts';
import type { VerifyOptions } from '../../verifying-certificates.ts';

/** `holdfast cert verify FILE` */
export const defineCertVerify: DefineCommand = (command, start) => {
  command
    .summary('verify a certificate in a file')
    .description('verify a certificate: path to the root of the network, dates, names, revocation')
    .argument('<file>', 'a PEM or DER file, the certificate first')
    .option('--at <time>', 'judge by this moment, e.g. 2027-01-31T12:00:00Z (default: now)')
    .option('--host <name>', 'also whether it is for this host name or address')
    .addHelpText('after', examples)
    .action(async (file: string, options: VerifyOptions) => {
      const { verifyCertificateFile } = await import('../../verifying-certificates.ts');
      await verifyCertificateFile(start(command), file, options);
    });
};

const examples = `
By the records of the authority in its home, or for an administrator; in a client's home by the revocation lists.
Exit code 21: not to be trusted, and why; 22: it is for other names.

Examples:
  holdfast cert verify server.pem --host vault.example
  holdfast cert verify client.pem --at 2027-01-31T12:00:00Z
`;
