import { Option } from 'commander';
import type { DefineCommand } from '../define-command.ts';

/** `holdfast cert list | show | export` */
export const defineCert: DefineCommand = (command, start) => {
  const list = command.command('list');
  list
    .summary('list the certificates that were issued')
    .description('list the certificates that were issued')
    .addHelpText('after', '\nExamples:\n  holdfast cert list\n  holdfast cert list --json\n')
    .action(async () => {
      const { listCertificates } = await import('../certificates.ts');
      await listCertificates(start(list));
    });
  const show = command.command('show');
  show
    .summary('show one certificate')
    .description('show one certificate: of this authority by its serial number, or from a file')
    .argument('<serial-or-file>', 'a serial number of cert list, or a PEM or DER file')
    .addHelpText('after', '\nExamples:\n  holdfast cert show 4f1c…\n  holdfast cert show ca.pem --json\n')
    .action(async (what: string) => {
      const { showCertificate } = await import('../certificates.ts');
      await showCertificate(start(show), what);
    });
  defineExport(command.command('export'), start);
};

const defineExport: DefineCommand = (command, start) => {
  command
    .summary("write this machine's certificate for other programs")
    .description("write this machine's certificate and key for other programs; rewritten at each renewal")
    .argument('[dir]', 'where the files go')
    .addOption(new Option('--layout <layout>', 'which files').choices(['pem', 'restic']).default('pem'))
    .option('--list', 'list the exports that are rewritten at each renewal')
    .option('--forget', 'rewrite DIR no longer; its files stay')
    .addHelpText('after', exportExamples)
    .action(
      async (
        directory: string | undefined,
        options: { layout: 'pem' | 'restic'; list?: boolean; forget?: boolean },
      ) => {
        const { exportCertificate } = await import('../certificates.ts');
        await exportCertificate(start(command), directory, options);
      },
    );
};

const exportExamples = `
Layouts:
  pem      ca.pem, client.pem (leaf, then issuing), client.key
  restic   ca.pem, client.pem (with the key), password, restic.env, restic.sh

Examples:
  holdfast cert export --layout restic ~/restic && ~/restic/restic.sh snapshots
  holdfast cert export --list
`;
