import type { DefineCommand } from '../../define-command.ts';
import type { OfflineOptions } from '../../root-custody.ts';

/** `holdfast ca offline FILE` */
export const defineCaOffline: DefineCommand = (command, start) => {
  command
    .summary('take the key of the root off this machine')
    .description(
      'take the key of the root off this machine: into an encrypted file that is read back before the original goes',
    )
    .argument(
      '<file>',
      'the file, e.g. on a medium that is kept in a safe; one that is there is not replaced',
    )
    .option(
      '--password-file <file>',
      'the password for it is in this file; asked for on a terminal unless said',
    )
    .option('--remove-copies', 'also remove the files in which sm_ssl_cert wrote the key in the clear')
    .option(
      '--until <date>',
      "when the key is to be brought back, e.g. 2027-11-21: the root's revocation list lasts until then (default: in a year)",
    )
    .addHelpText('after', '\nExample:\n  holdfast ca offline /media/safe/root.key.age\n')
    .action(async (file: string, options: OfflineOptions) => {
      const { takeRootOffline } = await import('../../root-custody.ts');
      await takeRootOffline(start(command), file, options);
    });
};
