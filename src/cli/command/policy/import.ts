import type { DefineCommand } from '../../define-command.ts';

/** `holdfast policy import FILE` */
export const definePolicyImport: DefineCommand = (command, start) => {
  command
    .summary('put the policy of a file in place')
    .description('show what the policy of a file would change, and with --yes put it in place')
    .argument('<file>', 'a file of policy export')
    .option('--yes', 'put it in place')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast policy import policy.json\n  holdfast policy import policy.json --yes\n',
    )
    .action(async (file: string, { yes = false }: { readonly yes?: boolean }) => {
      const { importPolicy } = await import('../../changing-policy.ts');
      await importPolicy(start(command), file, yes);
    });
};
