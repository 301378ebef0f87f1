import type { OperationAnswer } from '../../admin/index.ts';
import { withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row } from '../terminal/answer.ts';
import { formatBytes, formatCount, momentOf } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast trash restore CLIENT` */
export const word: Word = {
  define: (command) => {
    command
      .description('put what a client has removed back into its repositories')
      .argument('<client>', 'whose')
      .option(
        '--before <time>',
        'make them as they were then: a date, a time, or how long ago, e.g. 2026-11-21, 7d',
      )
      .option('--repository <name>', 'only its further repository of this name')
      .addHelpText('after', examples);
  },
  run: restoreTrash,
};

const examples = `
With --before what was removed since comes back, and snapshots, indexes and keys that came
since go into the trash: they may be of whoever removed the others. They come back by a
restore without it. Cut short, it is said again.

Examples:
  holdfast node quarantine laptop --reason "ransomware, 14:30"
  holdfast trash restore laptop --before 2026-11-21T14:00
`;

interface RestoreOptions {
  readonly before?: string;
  readonly repository?: string;
}

/** `holdfast trash restore CLIENT` */
async function restoreTrash(
  context: Context,
  client: string,
  { before: typed, repository }: RestoreOptions,
): Promise<Answer> {
  const before = typed === undefined ? undefined : momentOf(typed, context.clock.now());
  const answer = await withAdmin(context, (admin) =>
    admin.call('trash.restore', { client, repository, before }),
  );
  return { value: answer, rows: restoredRows(answer) };
}

function* restoredRows({ restored, bytes, putAside }: OperationAnswer<'trash.restore'>): Iterable<Row> {
  yield row('restored', `${formatCount(restored)} objects`, formatBytes(bytes));
  if (putAside > 0)
    yield row('put aside', `${formatCount(putAside)} snapshots, indexes and keys that came since`);
}
