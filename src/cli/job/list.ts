import { collectPages } from '../../admin/index.ts';
import { askAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, table } from '../terminal/answer.ts';
import { formatTime } from '../terminal/format.ts';
import type { Word } from '../word.ts';
import { type JobView, orderWords, resultWords } from './job-rows.ts';

/** `holdfast job list [NODE]` */
export const word: Word = {
  define: (command) => {
    command
      .description('list the jobs that clients were given, the newest first, and what came of each')
      .argument('[node]', 'of this client alone')
      .addHelpText('after', '\nExamples:\n  holdfast job list\n  holdfast job list laptop --json\n');
  },
  run: listJobs,
};

/** `holdfast job list [NODE]` */
async function listJobs(context: Context, node: string | undefined): Promise<Answer> {
  const jobs = await askAdmin(context, (admin) =>
    collectPages<JobView>(({ after, limit }) =>
      admin.call('job.list', {
        limit,
        ...(after !== undefined && { before: after.id }),
        ...(node !== undefined && { node }),
      }),
    ),
  );
  const columns = [
    { heading: 'Job' },
    { heading: 'Node' },
    { heading: 'What' },
    { heading: 'State' },
    { heading: 'Started' },
    { heading: 'By' },
    { heading: '', shrink: true },
  ];
  const rows = jobs.map((job) => [
    String(job.id),
    job.node,
    orderWords(job).join(' '),
    job.state,
    formatTime(new Date(job.created)),
    job.by,
    resultWords(job).join('  '),
  ]);
  return { value: jobs, rows: [table(columns, rows, 'no job yet: holdfast job start NODE SET')] };
}
