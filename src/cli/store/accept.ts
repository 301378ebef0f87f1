import type { OperationAnswer } from '../../admin/index.ts';
import { withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast store accept --reason TEXT` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        "take what is at the store's place now, empty or brought there, for the store of this network; for when the one of before is lost",
      )
      .requiredOption('--reason <text>', 'what has become of the one of before, for the log')
      .addHelpText('after', '\nExample:\n  holdfast store accept --reason "its disk has died"\n');
  },
  run: acceptStore,
};

/** `holdfast store accept`: what is at the store's place is the store from now on, says whoever runs it. */
async function acceptStore(context: Context, { reason }: { readonly reason: string }): Promise<Answer> {
  const answer = await withAdmin(context, (admin) => admin.call('store.accept', { reason }));
  return { value: answer, rows: acceptedRows(answer) };
}

function* acceptedRows({ directory, accepted }: OperationAnswer<'store.accept'>): Iterable<Row> {
  if (accepted === null)
    return yield row('store', directory, 'nothing is wrong with it; nothing was recorded');
  yield row('store', directory, `accepted: it ${accepted}`);
  yield row(
    'next',
    'what clients have not here any more they say: holdfast backup --start-over PATH, on each',
  );
}
