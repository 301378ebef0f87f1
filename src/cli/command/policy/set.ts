import type { DefineCommand } from '../../define-command.ts';

/** `holdfast policy set KEY VALUE` */
export const definePolicySet: DefineCommand = (command, start) => {
  command
    .summary('change one thing that the network has decided')
    .description('change one key of the policy, from the next decision on; running servers follow at once')
    .argument('<key>', 'one of policy show, e.g. queue')
    .argument('<value>', 'a word, a time such as 90d, or a list with commas; any for no bounds')
    .addHelpText('after', examples)
    .action(async (key: string, value: string) => {
      const { setPolicy } = await import('../../changing-policy.ts');
      await setPolicy(start(command), key, value);
    });
};

const examples = `
Examples:
  holdfast policy set queue on
  holdfast policy set profiles.server.approval by-hand
  holdfast policy set profiles.server.dnsSuffixes example.com,corp.example
  holdfast policy set profiles.client.lifetimeMs 14d
`;
