import { askAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import type { Word } from '../word.ts';

/** `holdfast policy show` */
export const word: Word = {
  define: (command) => {
    command
      .description('show every key of the policy, its default, and what is weaker than that')
      .addHelpText('after', '\nExamples:\n  holdfast policy show\n  holdfast policy show --json\n');
  },
  run: showPolicy,
};

/** `holdfast policy show`: what is not the default is marked, and how. */
export async function showPolicy(context: Context): Promise<void> {
  const { output } = context;
  const answer = await askAdmin(context, (admin) => admin.call('policy.show', {}));
  if (output.json) return output.value(answer);
  output.table(
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
  );
}
