import { Option } from 'commander';
import type { DefineCommand } from '../../define-command.ts';
import type { AuditExportOptions } from '../../exporting-audit.ts';

/** `holdfast audit export FILE` */
export const defineAuditExport: DefineCommand = (command, start) => {
  command
    .summary('write the log into a file')
    .description('write the whole log into a file for other programs')
    .argument('<file>', 'the file; one that is there is replaced')
    .addOption(
      new Option('--format <format>', 'jsonl: each record as it was hashed; csv: for spreadsheets')
        .choices(['jsonl', 'csv'])
        .default('jsonl'),
    )
    .addHelpText('after', '\nExample:\n  holdfast audit export --format csv log.csv\n')
    .action(async (file: string, options: AuditExportOptions) => {
      const { exportAudit } = await import('../../exporting-audit.ts');
      await exportAudit(start(command), file, options);
    });
};
