import type { OperationAnswer } from '../../admin/index.ts';
import { askAdmin } from '../home/administering.ts';
import { collectPages } from '../home/collect-pages.ts';
import type { Context } from '../program/context.ts';
import { formatRemaining, formatTime } from '../terminal/format.ts';

/** What `request list` takes. */
export interface RequestListOptions {
  readonly state: 'pending' | 'approved' | 'denied' | 'expired' | 'all';
}

/** `holdfast request list` */
export async function listRequests(context: Context, { state }: RequestListOptions): Promise<void> {
  const { output } = context;
  const wanted = state === 'all' ? {} : { state };
  const requests = await askAdmin(context, (admin) =>
    collectPages<OperationAnswer<'request.list'>[number]>(({ after }) =>
      admin.call('request.list', { ...wanted, before: after?.id }),
    ),
  );
  if (output.json) return output.value(requests);
  output.table(
    [
      { heading: 'ID', align: 'right' },
      { heading: 'For' },
      { heading: 'Subject', shrink: true },
      { heading: 'Asked' },
      { heading: 'From', shrink: true },
      { heading: 'State' },
    ],
    requests.map(({ id, identity, subject, asked, askedFrom, state: is, kind }) => [
      String(id),
      identity,
      subject,
      formatTime(new Date(asked)),
      askedFrom,
      kind === 'new' ? is : `${is}, ${kind}`,
    ]),
    state === 'pending'
      ? 'no request waits for a decision; --state all lists those that were decided'
      : 'there is no such request',
  );
}

/** `holdfast request show ID` */
export async function showRequest(context: Context, id: number): Promise<void> {
  const { output } = context;
  const request = await askAdmin(context, (admin) => admin.call('request.show', { id }));
  if (output.json) return output.value(request);
  sayAsked(context, request);
  sayOutlook(context, request);
  sayDecision(context, request);
}

type Details = OperationAnswer<'request.show'>;

function sayAsked({ output }: Context, request: Details): void {
  output.row('request', String(request.id), request.state, request.kind);
  output.row('for', request.identity);
  output.row('asked by', request.askedBy, `from ${request.askedFrom}`);
  output.row('asked', request.asked, `waits until ${request.expires}`);
  output.row('subject', request.subject);
  if (request.names.length > 0) output.row('names', request.names.join(', '));
  output.row('key', request.key);
  if (request.renews !== null) output.row('renews', request.renews);
  if (request.ignored.length > 0) output.row('passed over', request.ignored.join(', '));
}

function sayOutlook({ output }: Context, { id, wouldIssue, obstacle }: Details): void {
  if (obstacle !== null) output.warn(`cannot be approved as it is: ${obstacle}`);
  if (wouldIssue === null) return;
  const { identity, subject, names, lifetimeMs } = wouldIssue;
  output.row('would issue', identity, `for ${formatRemaining(lifetimeMs)}`);
  output.row('', subject, ...names);
  output.row('next', `holdfast request approve ${id}, or deny ${id} --reason TEXT`);
}

function sayDecision({ output }: Context, { decidedBy, decided, reason, serial }: Details): void {
  if (decidedBy !== null) output.row('decided by', decidedBy, decided ?? '');
  if (reason !== null) output.row('reason', reason);
  if (serial !== null) output.row('serial', serial);
}
