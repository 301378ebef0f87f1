import { Option } from 'commander';
import type { DefineCommand } from '../../define-command.ts';
import type { CaExportOptions } from '../../exporting-ca.ts';

/** `holdfast ca export FILE` */
export const defineCaExport: DefineCommand = (command, start) => {
  command
    .summary("write the authority's certificates into a file")
    .description("write the authority's root certificate, or its chain, into a file for other programs")
    .argument('<file>', 'the file; one that is there is not replaced')
    .option('--chain', 'the issuing certificate first, the root last')
    .option('--force', 'replace a file that is there')
    .addOption(
      new Option('--format <format>', 'how it is written').choices(['pem', 'der', 'p7']).default('pem'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast ca export ca.pem\n  holdfast ca export --chain --format p7 chain.p7b\n',
    )
    .action(async (file: string, options: CaExportOptions) => {
      const { exportCa } = await import('../../exporting-ca.ts');
      await exportCa(start(command), file, options);
    });
};
