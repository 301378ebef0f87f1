import { askAdmin } from '../home/administering.ts';
import { orderWords } from '../job/job-rows.ts';
import type { Context } from '../program/context.ts';
import { whomText } from '../set/sent-set-rows.ts';
import { type Answer, table } from '../terminal/answer.ts';
import { formatTime } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast schedule list` */
export const word: Word = {
  define: (command) => {
    command
      .description('list the jobs that are started again and again, with their last and next time')
      .addHelpText('after', '\nExamples:\n  holdfast schedule list\n  holdfast schedule list --json\n');
  },
  run: listSchedules,
};

/** `holdfast schedule list` */
async function listSchedules(context: Context): Promise<Answer> {
  const schedules = await askAdmin(context, (admin) => admin.call('schedule.list', {}));
  const columns = ['Schedule', 'What', 'On', 'Every', 'Zone', 'Last', 'Next', 'By'].map((heading, at) => ({
    heading,
    shrink: at === 2,
  }));
  const cells = schedules.map((schedule) => {
    const { name, nodes, every, zone, last, next, by } = schedule;
    const ran = last === undefined ? 'never' : formatTime(new Date(last));
    return [name, ...orderWords(schedule), whomText(nodes), every, zone, ran, formatTime(new Date(next)), by];
  });
  const none = 'no schedule yet: holdfast schedule add NAME --every SCHEDULE --check';
  return { value: schedules, rows: [table(columns, cells, none)] };
}
