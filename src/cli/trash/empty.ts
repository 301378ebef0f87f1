import type { OperationAnswer } from '../../admin/index.ts';
import { askAdmin, withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, note, type Row, row } from '../terminal/answer.ts';
import { formatBytes, formatCount, momentOf } from '../terminal/format.ts';
import type { Word } from '../word.ts';
import type { TrashOptions } from './list.ts';

/** `holdfast trash empty` */
export const word: Word = {
  define: (command) => {
    command
      .description('remove what rests in the trash for good, but what is locked or of a client in quarantine')
      .option('--client <name>', 'only of this client')
      .option('--repository <name>', 'only of its further repository of this name')
      .option(
        '--removed-before <time>',
        'only what was removed before: a date, a time, or how long ago, e.g. 7d',
      )
      .option('--yes', 'do it; otherwise it is only said what would go')
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast trash empty --client laptop\n  holdfast trash empty --removed-before 14d --yes\n',
      );
  },
  run: emptyTrash,
};

interface EmptyOptions extends TrashOptions {
  readonly removedBefore?: string;
  readonly yes?: boolean;
}

/** `holdfast trash empty` */
async function emptyTrash(
  context: Context,
  { removedBefore: typed, yes = false, client, repository }: EmptyOptions,
): Promise<Answer> {
  const removedBefore = typed === undefined ? undefined : momentOf(typed, context.clock.now());
  const reach = yes ? withAdmin : askAdmin;
  const answer = await reach(context, (admin) =>
    admin.call('trash.empty', { client, repository, removedBefore, apply: yes }),
  );
  return { value: { ...answer, applied: yes }, rows: emptiedRows(answer, yes) };
}

function* emptiedRows(
  { removed, bytes, kept }: OperationAnswer<'trash.empty'>,
  applied: boolean,
): Iterable<Row> {
  yield row(applied ? 'removed' : 'would go', `${formatCount(removed)} objects`, formatBytes(bytes));
  if (kept > 0) yield row('kept', `${formatCount(kept)} objects are locked, or of a client in quarantine`);
  if (!applied && removed > 0) yield note('nothing was removed; --yes removes it for good');
}
