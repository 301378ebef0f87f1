import type { DefineCommand } from '../../define-command.ts';

/** `holdfast policy export FILE` */
export const definePolicyExport: DefineCommand = (command, start) => {
  command
    .summary('write the policy into a file')
    .description('write the whole policy into a JSON file, for version control or for another network')
    .argument('<file>', 'the file; one that is there is replaced')
    .addHelpText('after', '\nExample:\n  holdfast policy export policy.json\n')
    .action(async (file: string) => {
      const { exportPolicy } = await import('../../changing-policy.ts');
      await exportPolicy(start(command), file);
    });
};
