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
      .option('--give-up', 'of a machine that will not come back: end it without its word')
      .addHelpText('after', examples);
  },
  run: stopJob,
};

const examples = `
A job that was begun by a machine that was not heard of for three days is lost, and ends by itself. What such a machine says
of it when it is back counts all the same.

Examples:
  holdfast job stop 7
  holdfast job stop 7 --give-up
`;

/** `holdfast job stop ID` */
async function stopJob(
  context: Context,
  id: number,
  { giveUp }: { readonly giveUp?: boolean },
): Promise<Answer> {
  const job = await withAdmin(context, (admin) => admin.call('job.stop', { id, giveUp }));
  return { value: job, rows: jobRows(job) };
}
