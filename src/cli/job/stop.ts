import { withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import type { Answer } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { idArgument } from './job-id.ts';
import { jobRows } from './job-rows.ts';

/** `holdfast job stop ID` */
export const word: Word = {
  define: (command) => {
    command
      .description('end a job: one that has not begun never does, any other is told to end')
      .addArgument(idArgument())
      .addHelpText('after', '\nExample:\n  holdfast job stop 7\n');
  },
  run: stopJob,
};

/** `holdfast job stop ID` */
async function stopJob(context: Context, id: number): Promise<Answer> {
  const job = await withAdmin(context, (admin) => admin.call('job.stop', { id }));
  return { value: job, rows: jobRows(job) };
}
