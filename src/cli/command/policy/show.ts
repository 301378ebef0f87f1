import type { DefineCommand } from '../../define-command.ts';

/** `holdfast policy show` */
export const definePolicyShow: DefineCommand = (command, start) => {
  command
    .summary('show what the network has decided')
    .description('show every key of the policy, its default, and what is weaker than that')
    .addHelpText('after', '\nExamples:\n  holdfast policy show\n  holdfast policy show --json\n')
    .action(async () => {
      const { showPolicy } = await import('../../showing-policy.ts');
      await showPolicy(start(command));
    });
};
