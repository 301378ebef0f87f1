import type { BindOptions } from '../../binding-tls.ts';
import type { DefineCommand } from '../../define-command.ts';
import { addRules, exactlyOne } from '../../word-rules.ts';

/** `holdfast tls bind FILE --host NAME | --listener NAME` */
export const defineTlsBind: DefineCommand = (command, start) => {
  addRules(command, exactlyOne('--host', '--listener'));
  command
    .summary('show a certificate from elsewhere to whoever names a host')
    .description(
      'show a certificate from elsewhere to whoever names a host (SNI), or to everybody at a listener',
    )
    .argument('<file>', 'the certificate, then each that signed the one before: PEM, DER or PKCS#7')
    .option('--host <name>', 'for this host name; *.DOMAIN for those one label below')
    .option('--listener <name>', 'for every connection of this listener: main, open, or one of the settings')
    .option('--key <file>', 'its private key in PEM (default: the one of holdfast request complete)')
    .option('--roots <file>', 'roots by which clients of this network take it, for these hosts alone')
    .addHelpText('after', examples)
    .action(async (file: string, options: BindOptions) => {
      const { bindCertificate } = await import('../../binding-tls.ts');
      await bindCertificate(start(command), file, options);
    });
};

const examples = `
A running server shows it from the next connection on; those that are open go on.

Examples:
  holdfast tls bind vault.pem --host vault.example --roots outside-root.pem
  holdfast tls bind vault.pem --listener open
`;
