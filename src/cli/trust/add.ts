import type { Context } from '../program/context.ts';
import type { Word } from '../word.ts';
import { addTrust } from './trusting.ts';

/** `holdfast trust add --server NAME --file FILE` */
export const word: Word = {
  define: (command) => {
    command
      .description('believe a root from elsewhere for one server name, on this machine; kept across renewals')
      .requiredOption('--server <name>', 'the host name or address that the server is called by')
      .requiredOption('--file <file>', 'the root: PEM, DER or PKCS#7')
      .addHelpText(
        'after',
        '\nExample:\n  holdfast trust add --server vault.example --file outside-root.pem\n',
      );
  },
  run: (context: Context, options: { server: string; file: string }) => addTrust(context, options),
};
