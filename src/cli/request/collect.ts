import { addRules, atMostOne } from '../options/word-rules.ts';
import type { Word } from '../word.ts';
import { collect } from './collecting-requests.ts';
import { addServerOptions } from './submit.ts';

/** `holdfast request collect [HANDLE|NAME]` */
export const word: Word = {
  define: (command) => {
    addRules(command, atMostOne('--fingerprint', '--root'));
    addServerOptions(command)
      .description('collect the certificate of a request that was handed in, once it is approved')
      .argument('[handle-or-name]', 'of the request (default: the one that was handed in from here)')
      .option('--out <file>', 'also write the certificate and what leads to the root, in PEM')
      .addHelpText('after', examples);
  },
  run: collect,
};

const examples = `
Examples:
  holdfast request collect
  holdfast request collect vault.example --out vault.pem
`;
