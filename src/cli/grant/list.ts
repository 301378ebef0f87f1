import { collectPages } from '../../admin/index.ts';
import { askAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, table } from '../terminal/answer.ts';
import { formatTime } from '../terminal/format.ts';
import type { Word } from '../word.ts';
import { type GrantView, whatText } from './grant-rows.ts';

/** `holdfast grant list` */
export const word: Word = {
  define: (command) => {
    command
      .description('list who may read what of whom, the newest first')
      .addHelpText('after', '\nExamples:\n  holdfast grant list\n  holdfast grant list --json\n');
  },
  run: listGrants,
};

/** `holdfast grant list` */
async function listGrants(context: Context): Promise<Answer> {
  const grants = await askAdmin(context, (admin) =>
    collectPages<GrantView>(({ after, limit }) =>
      admin.call('grant.list', { limit, ...(after !== undefined && { before: after.id }) }),
    ),
  );
  const columns = ['Grant', 'To', 'What', 'State', 'Until', 'By', ''].map((heading) => ({ heading }));
  const cells = grants.map((grant) => [
    String(grant.id),
    grant.to,
    whatText(grant),
    grant.state,
    formatTime(new Date(grant.expires)),
    grant.by,
    grant.state === 'waiting' && grant.job !== undefined ? `job ${grant.job.id} ${grant.job.state}` : '',
  ]);
  const none = 'no grant yet: holdfast grant create --from NAME --to NAME --expires 2d';
  return { value: grants, rows: [table(columns, cells, none)] };
}
