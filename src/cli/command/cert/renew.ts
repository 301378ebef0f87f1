import type { DefineCommand } from '../../define-command.ts';

/** `holdfast cert renew` */
export const defineCertRenew: DefineCommand = (command, start) => {
  command
    .summary("renew this machine's certificate")
    .description("renew this machine's certificate when it is due, for a new key")
    .option('--force', 'also when it is not due yet')
    .addHelpText('after', '\nExamples:\n  holdfast cert renew\n  holdfast cert renew --force --json\n')
    .action(async (options: { force?: boolean }) => {
      const { renewCertificate } = await import('../../renewing.ts');
      await renewCertificate(start(command), options);
    });
};
