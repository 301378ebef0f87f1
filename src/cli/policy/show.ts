import { askAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, table } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast policy show` */
export const word: Word = {
  define: (command) => {
    command
      .description('show every key of the policy, its default, and what is weaker than that')
      .addHelpText(
        'after',
        '\ndocs/reference/policy.md says what each key means.\n\nExamples:\n  holdfast policy show\n  holdfast policy show --json\n',
      );
  },
  run: showPolicy,
};

/** `holdfast policy show`: what is not the default is marked, and how. */
async function showPolicy(context: Context): Promise<Answer> {
  const answer = await askAdmin(context, (admin) => admin.call('policy.show', {}));
  return {
    value: answer,
    rows: [
      table(
        [
          { heading: 'Key' },
          { heading: 'Value', shrink: true },
          { heading: 'Default', shrink: true },
          { heading: '' },
        ],
        answer.keys.map(({ key, value, default: byDefault, weaker }) => [
          key,
          value,
          byDefault,
          weaker ? 'weaker than the default' : value === byDefault ? '' : 'changed',
        ]),
      ),
    ],
  };
}
