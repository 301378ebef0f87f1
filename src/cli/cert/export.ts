import { Option } from 'commander';
import { addRules, atMostOne, exactlyOne, needs } from '../options/word-rules.ts';
import type { Word } from '../word.ts';
import { exportCertificate } from './certificates.ts';

/** `holdfast cert export [DIR]` */
export const word: Word = {
  define: (command) => {
    addRules(
      command,
      exactlyOne('dir', '--list'),
      needs('--forget', 'dir'),
      atMostOne('--list', '--layout'),
      atMostOne('--forget', '--layout'),
    );
    command
      .description("write this machine's certificate and key for other programs; rewritten at each renewal")
      .argument('[dir]', 'where the files go')
      .addOption(
        new Option('--layout <layout>', 'which files').choices(['pem', 'restic', 'sesam']).default('pem'),
      )
      .option('--list', 'list the exports that are rewritten at each renewal')
      .option('--forget', 'rewrite DIR no longer; its files stay')
      .addHelpText('after', examples);
  },
  run: exportCertificate,
};

const examples = `
Layouts:
  pem      ca.pem, client.pem (leaf, then issuing), client.key
  restic   ca.pem, client.pem (with the key), password, restic.env, restic.sh
  sesam    ca/rootCA.pem, x.509/client.pem and .key, ssl/server.pem and .key; at the
           server, the last ones that sm_ssl_cert made

Examples:
  holdfast cert export --layout restic ~/restic && ~/restic/restic.sh snapshots
  holdfast cert export --list
`;
