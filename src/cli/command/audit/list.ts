import { InvalidArgumentError } from 'commander';
import type { DefineCommand } from '../../define-command.ts';
import type { AuditListOptions } from '../../listing-audit.ts';

/** `holdfast audit list` */
export const defineAuditList: DefineCommand = (command, start) => {
  command
    .summary('list what was decided, the newest first')
    .description("list what the authority's log says was decided, and refused, the newest first")
    .option('--kind <kind>', 'only records of this kind, e.g. issued, revoked, refused')
    .option('--by <who>', 'only what this one did, e.g. admin/local, client/laptop')
    .option('--since <time>', 'not before: a date, a time, or how long ago, e.g. 2026-11-21, 7d')
    .option('--until <time>', 'not after')
    .option('--limit <n>', 'how many at most (default: 100)', parseLimit)
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast audit list --kind refused --since 7d\n  holdfast audit list --by admin/local --json\n',
    )
    .action(async (options: AuditListOptions) => {
      const { listAudit } = await import('../../listing-audit.ts');
      await listAudit(start(command), options);
    });
};

function parseLimit(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a number from 1');
}
