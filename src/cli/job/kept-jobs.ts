import { readJobs } from '../../agent/index.ts';
import { isHoldfastError } from '../../base/index.ts';
import type { AnswerOf } from '../answers.ts';
import type { Home } from '../home/home.ts';
import { type Row, row } from '../terminal/answer.ts';
import { formatTime } from '../terminal/format.ts';
import { orderWords, resultWords } from './job-rows.ts';

/** A job that the server of this machine wanted, as `status` shows it. */
export type KeptJobView = NonNullable<AnswerOf<'status'>['jobs']>[number];

/** So many are shown; the log of the agent has them all. */
const maxShown = 5;

/** The newest jobs that the server wanted of this machine, done or refused, and what is to be said of them. */
export async function keptJobs({
  node,
}: Home): Promise<{ readonly jobs: readonly KeptJobView[]; readonly warnings: readonly string[] }> {
  try {
    const jobs = (await readJobs(node)).slice(-maxShown).toReversed();
    return {
      jobs: jobs.map(({ id, by, order, begun, outcome }) => ({
        id,
        by,
        order,
        begun,
        ...(outcome && { outcome }),
      })),
      warnings: [],
    };
  } catch (error) {
    if (!isHoldfastError(error, 'settings_invalid')) throw error;
    return { jobs: [], warnings: [`${error.message}: ${error.hint}`] };
  }
}

/** Rows of `status`: each job that the server wanted, and what it came to. */
export function* keptJobRows(jobs: readonly KeptJobView[]): Iterable<Row> {
  for (const job of jobs) {
    const { id, by, begun, outcome } = job;
    const what = `${orderWords(job).join(' ')}, by ${by}, ${formatTime(new Date(begun))}`;
    yield row('job', String(id), what, outcome?.result ?? 'under way', ...resultWords(job));
  }
}
