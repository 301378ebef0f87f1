import type { DefineCommand } from '../../define-command.ts';

/** `holdfast audit verify` */
export const defineAuditVerify: DefineCommand = (command, start) => {
  command
    .summary('check that nothing was removed from the log or changed in it')
    .description(
      'check that no record of the log was removed, changed, put in or moved: by its chain of hashes, and by what was signed and kept here and on mirrors',
    )
    .option(
      '--checkpoint <file>',
      'and by a signed checkpoint that somebody kept, e.g. checkpoint.json of a mirror',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast audit verify\n  holdfast audit verify --checkpoint /mnt/mirror/checkpoint.json\n',
    )
    .action(async (options: { readonly checkpoint?: string }) => {
      const { verifyAudit } = await import('../../verifying-audit.ts');
      await verifyAudit(start(command), options);
    });
};
