import type { DefineCommand } from '../../define-command.ts';
import type { CrlOptions } from '../../exporting-crl.ts';

/** `holdfast ca crl [LABEL]` */
export const defineCaCrl: DefineCommand = (command, start) => {
  command
    .summary('show what has been revoked, for other programs')
    .description(
      'show the revocation lists of the authority, or write one of them into a file; it knows every revocation up to now',
    )
    .argument('[label]', 'whose list: issuing-1, root-1 (default: of what issues now)')
    .option('--out <file>', 'write it into this file; one that is there is replaced')
    .option('--pem', 'as PEM; without --out on the standard output')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast ca crl\n  holdfast ca crl root-1 --out root.crl\n  holdfast ca crl --pem --out /etc/nginx/backup.crl\n',
    )
    .action(async (label: string | undefined, options: CrlOptions) => {
      const { showCrl } = await import('../../exporting-crl.ts');
      await showCrl(start(command), label, options);
    });
};
