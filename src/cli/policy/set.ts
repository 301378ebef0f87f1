import type { Word } from '../word.ts';
import { setPolicy } from './changing-policy.ts';

/** `holdfast policy set KEY VALUE` */
export const word: Word = {
  define: (command) => {
    command
      .description('change one key of the policy, from the next decision on; running servers follow at once')
      .argument('<key>', 'one of policy show, e.g. queue')
      .argument('<value>', 'a word, a time such as 90d, or a list with commas; any for no bounds')
      .addHelpText('after', examples);
  },
  run: setPolicy,
};

const examples = `
Examples:
  holdfast policy set queue on
  holdfast policy set profiles.server.approval by-hand
  holdfast policy set profiles.server.dnsSuffixes example.com,corp.example
  holdfast policy set profiles.client.lifetimeMs 14d
`;
