import type { Word } from '../word.ts';
import { takeRootOffline } from './root-custody.ts';

/** `holdfast ca offline FILE` */
export const word: Word = {
  define: (command) => {
    command
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
      .option(
        '--remove-copies',
        'also remove the files to which sm_ssl_cert, certutil and ca backup --format p12 wrote the key',
      )
      .option(
        '--until <date>',
        "when the key is to be brought back, e.g. 2027-11-21: the root's revocation list lasts until then (default: in a year)",
      )
      .addHelpText('after', '\nExample:\n  holdfast ca offline /media/safe/root.key.age\n');
  },
  run: takeRootOffline,
};
