import type { Word } from '../word.ts';
import { completeRequest } from './pending-requests.ts';

/** `holdfast request complete FILE` */
export const word: Word = {
  define: (command) => {
    command
      .description('pair a certificate with the key that waits for it in the keystore, by its public key')
      .argument('<file>', 'the certificate and what leads to its authority: PEM, DER or PKCS#7')
      .addHelpText('after', '\nExample:\n  holdfast request complete vault.p7b\n');
  },
  run: completeRequest,
};
