import { Option } from 'commander';
import type { DefineCommand } from '../../define-command.ts';
import { addRules, atMostOne, exactlyOne, needs } from '../../word-rules.ts';

interface ExportOptions {
  readonly layout: 'pem' | 'restic' | 'sesam';
  readonly list?: boolean;
  readonly forget?: boolean;
}

/** `holdfast cert export [DIR]` */
export const defineCertExport: DefineCommand = (command, start) => {
  addRules(
    command,
    exactlyOne('dir', '--list'),
    needs('--forget', 'dir'),
    atMostOne('--list', '--layout'),
    atMostOne('--forget', '--layout'),
  );
  command
    .summary("write this machine's certificate for other programs")
    .description("write this machine's certificate and key for other programs; rewritten at each renewal")
    .argument('[dir]', 'where the files go')
    .addOption(
      new Option('--layout <layout>', 'which files').choices(['pem', 'restic', 'sesam']).default('pem'),
    )
    .option('--list', 'list the exports that are rewritten at each renewal')
    .option('--forget', 'rewrite DIR no longer; its files stay')
    .addHelpText('after', examples)
    .action(async (directory: string | undefined, options: ExportOptions) => {
      const { exportCertificate } = await import('../../certificates.ts');
      await exportCertificate(start(command), directory, options);
    });
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
