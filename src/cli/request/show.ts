import type { OperationAnswer } from '../../admin/index.ts';
import { askAdmin } from '../home/administering.ts';
import { requestId } from '../options/option-values.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row, warning } from '../terminal/answer.ts';
import { formatRemaining } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast request show ID` */
export const word: Word = {
  define: (command) => {
    command
      .description('show who asked for what from where, what would be issued, and what was decided')
      .argument('<id>', 'its number in request list', requestId)
      .addHelpText('after', '\nExamples:\n  holdfast request show 3\n  holdfast request show 3 --json\n');
  },
  run: showRequest,
};

type Details = OperationAnswer<'request.show'>;

/** `holdfast request show ID` */
async function showRequest(context: Context, id: number): Promise<Answer> {
  const request = await askAdmin(context, (admin) => admin.call('request.show', { id }));
  return { value: request, rows: [...askedRows(request), ...outlookRows(request), ...decisionRows(request)] };
}

function* askedRows(request: Details): Iterable<Row> {
  yield row('request', String(request.id), request.state, request.kind);
  yield row('for', request.identity);
  yield row('asked by', request.askedBy, `from ${request.askedFrom}`);
  yield row('asked', request.asked, `waits until ${request.expires}`);
  yield row('subject', request.subject);
  if (request.names.length > 0) yield row('names', request.names.join(', '));
  yield row('key', request.key);
  if (request.renews !== null) yield row('renews', request.renews);
  if (request.ignored.length > 0) yield row('passed over', request.ignored.join(', '));
  for (const { what, why } of wideningOf(request)) yield row('left out', what, why);
}

/** What names somebody else, or is for more than the profile. */
function wideningOf({ leftOut }: Pick<Details, 'leftOut'>): Details['leftOut'] {
  return leftOut.filter((each) => each.class === 'widening');
}

function* outlookRows({ id, wouldIssue, obstacle, leftOut }: Details): Iterable<Row> {
  if (obstacle !== null) yield warning(`cannot be approved as it is: ${obstacle}`);
  if (wouldIssue === null) return;
  const { identity, subject, names, lifetimeMs } = wouldIssue;
  yield row('would issue', identity, `for ${formatRemaining(lifetimeMs)}`);
  yield row('', subject, ...names);
  const without = wideningOf({ leftOut }).length > 0 ? ', which issues it without what is left out' : '';
  yield row('next', `holdfast request approve ${id}${without}; or deny ${id} --reason TEXT`);
}

function* decisionRows({ decidedBy, decided, reason, serial }: Details): Iterable<Row> {
  if (decidedBy !== null) yield row('decided by', decidedBy, decided ?? '');
  if (reason !== null) yield row('reason', reason);
  if (serial !== null) yield row('serial', serial);
}
