import { withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, note, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast schedule remove NAME` */
export const word: Word = {
  define: (command) => {
    command
      .description('start nothing by a schedule any more; jobs that it has started go on')
      .argument('<name>', 'one of holdfast schedule list')
      .addHelpText('after', '\nExamples:\n  holdfast schedule remove weekly-check\n');
  },
  run: removeSchedule,
};

/** `holdfast schedule remove NAME` */
async function removeSchedule(context: Context, name: string): Promise<Answer> {
  const removed = await withAdmin(context, (admin) => admin.call('schedule.remove', { name }));
  const rows = [row('removed', name), note('what it has started goes on: holdfast job list')];
  return { value: removed, rows };
}
