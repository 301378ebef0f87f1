import { formatDuration } from '../../base/index.ts';
import { askAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, table } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast replicate list` */
export const word: Word = {
  define: (command) => {
    command
      .description('list which nodes keep copies of what others store')
      .addHelpText('after', '\nExamples:\n  holdfast replicate list\n  holdfast replicate list --json\n');
  },
  run: listReplications,
};

/** `holdfast replicate list` */
async function listReplications(context: Context): Promise<Answer> {
  const rules = await askAdmin(context, (admin) => admin.call('replicate.list', {}));
  const columns = ['Node', 'Copied to', 'Copies', 'Removed after', 'Limit', 'By'].map((heading, at) => ({
    heading,
    shrink: at === 1,
  }));
  const cells = rules.map(({ from, to, keep, removeAfterMs, rate = '', by }) => [
    from,
    to.join(', '),
    String(keep),
    formatDuration(removeAfterMs),
    rate,
    by,
  ]);
  const none = 'nothing is copied: holdfast replicate add NODE --to NODE';
  return { value: rules, rows: [table(columns, cells, none)] };
}
