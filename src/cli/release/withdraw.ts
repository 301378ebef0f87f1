import { withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import type { Answer } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { releaseRows } from './publish.ts';

/** `holdfast release withdraw VERSION` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'offer a version no more, and remove its files; no machine goes back to an older one by that',
      )
      .argument('<version>', 'one of holdfast release list')
      .addHelpText('after', examples);
  },
  run: withdrawRelease,
};

const examples = `
Machines that have installed it keep it. What is published next has to have a higher version.

Examples:
  holdfast release withdraw 0.2.0
`;

/** `holdfast release withdraw VERSION` */
async function withdrawRelease(context: Context, version: string): Promise<Answer> {
  const answer = await withAdmin(context, (admin) => admin.call('release.withdraw', { version }));
  return { value: answer, rows: releaseRows('offered', answer) };
}
