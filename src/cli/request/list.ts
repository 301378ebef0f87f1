import { Option } from 'commander';
import { collectPages, type OperationAnswer } from '../../admin/index.ts';
import { askAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, table } from '../terminal/answer.ts';
import { formatTime } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast request list` */
export const word: Word = {
  define: (command) => {
    command
      .description('list the requests that were handed in to the authority, those that wait unless said')
      .addOption(
        new Option('--state <state>', 'which ones')
          .choices(['pending', 'approved', 'denied', 'expired', 'all'])
          .default('pending'),
      )
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast request list\n  holdfast request list --state all --json\n',
      );
  },
  run: listRequests,
};

/** What `request list` takes. */
interface RequestListOptions {
  readonly state: 'pending' | 'approved' | 'denied' | 'expired' | 'all';
}

/** `holdfast request list` */
async function listRequests(context: Context, { state }: RequestListOptions): Promise<Answer> {
  const wanted = state === 'all' ? {} : { state };
  const requests = await askAdmin(context, (admin) =>
    collectPages<OperationAnswer<'request.list'>[number]>(({ after }) =>
      admin.call('request.list', { ...wanted, before: after?.id }),
    ),
  );
  return {
    value: requests,
    rows: [
      table(
        [
          { heading: 'ID', align: 'right' },
          { heading: 'For' },
          { heading: 'Subject', shrink: true },
          { heading: 'Asked' },
          { heading: 'From', shrink: true },
          { heading: 'State' },
        ],
        requests.map(({ id, identity, subject, asked, askedFrom, state: is, kind, leftOut }) => [
          String(id),
          identity,
          subject,
          formatTime(new Date(asked)),
          askedFrom,
          [is, ...(kind === 'new' ? [] : [kind]), ...saysLess(leftOut)].join(', '),
        ]),
        state === 'pending'
          ? 'no request waits for a decision; --state all lists those that were decided'
          : 'there is no such request',
      ),
    ],
  };
}

/** A mark for whoever is to look at it before it is approved. */
function saysLess(leftOut: OperationAnswer<'request.list'>[number]['leftOut']): string[] {
  const { length } = leftOut.filter((each) => each.class === 'widening');
  return length === 0 ? [] : [`${length} left out`];
}
