import type { Word } from '../word.ts';
import { showCertificate } from './certificates.ts';

/** `holdfast cert show SERIAL|FILE` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'show one certificate: of this authority by its serial number or enough of its beginning, or from a file',
      )
      .argument('<serial-or-file>', 'a serial number of cert list, or a PEM or DER file')
      .addHelpText('after', '\nExamples:\n  holdfast cert show 4f1c…\n  holdfast cert show ca.pem --json\n');
  },
  run: showCertificate,
};
