import { askAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import type { Answer } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { idArgument } from './job-id.ts';
import { jobRows } from './job-rows.ts';

/** `holdfast job show ID` */
export const word: Word = {
  define: (command) => {
    command
      .description('show a job of a client, who started it, and what came of it')
      .addArgument(idArgument())
      .addHelpText('after', '\nExample:\n  holdfast job show 7\n');
  },
  run: showJob,
};

/** `holdfast job show ID` */
async function showJob(context: Context, id: number): Promise<Answer> {
  const job = await askAdmin(context, (admin) => admin.call('job.show', { id }));
  return { value: job, rows: jobRows(job) };
}
