import type { DefineCommand } from '../../define-command.ts';

/** `holdfast cert show SERIAL|FILE` */
export const defineCertShow: DefineCommand = (command, start) => {
  command
    .summary('show one certificate')
    .description(
      'show one certificate: of this authority by its serial number or enough of its beginning, or from a file',
    )
    .argument('<serial-or-file>', 'a serial number of cert list, or a PEM or DER file')
    .addHelpText('after', '\nExamples:\n  holdfast cert show 4f1c…\n  holdfast cert show ca.pem --json\n')
    .action(async (what: string) => {
      const { showCertificate } = await import('../../certificates.ts');
      await showCertificate(start(command), what);
    });
};
