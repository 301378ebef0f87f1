import { withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, note, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { whomText } from './sent-set-rows.ts';

/** `holdfast set withdraw NAME` */
export const word: Word = {
  define: (command) => {
    command
      .description('send a backup set no more: it ends on the machines, whose snapshots stay')
      .argument('<name>', 'one of holdfast set sent')
      .addHelpText('after', '\nExamples:\n  holdfast set withdraw documents\n');
  },
  run: withdrawSet,
};

/** `holdfast set withdraw NAME` */
async function withdrawSet(context: Context, name: string): Promise<Answer> {
  const gone = await withAdmin(context, (admin) => admin.call('set.withdraw', { name }));
  const rows = [
    row('withdrawn', name, `it went ${whomText(gone.nodes)}`),
    note('a machine that is away ends it when it is back; its snapshots stay'),
  ];
  return { value: gone, rows };
}
