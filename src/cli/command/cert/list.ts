import type { DefineCommand } from '../../define-command.ts';

/** `holdfast cert list` */
export const defineCertList: DefineCommand = (command, start) => {
  command
    .summary('list the certificates that were issued')
    .description('list the certificates that were issued')
    .addHelpText('after', '\nExamples:\n  holdfast cert list\n  holdfast cert list --json\n')
    .action(async () => {
      const { listCertificates } = await import('../../certificates.ts');
      await listCertificates(start(command));
    });
};
