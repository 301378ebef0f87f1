import type { OperationAnswer } from '../../admin/index.ts';
import { type Row, row } from '../terminal/answer.ts';
import { formatBytes, formatTime, plural } from '../terminal/format.ts';

/** A job as the admin API has it. */
export type JobView = OperationAnswer<'job.show'>;

/** A job in lines. */
export function* jobRows(job: JobView): Iterable<Row> {
  const { id, node, state, by, created, expires, begun, stopped, ended } = job;
  yield row('job', String(id), node, ...orderWords(job));
  yield row('state', state, ...resultWords(job));
  yield row('started', formatTime(new Date(created)), `by ${by}`);
  if (begun === undefined && ended === undefined)
    yield row('waits', `for the agent of ${node}, until ${formatTime(new Date(expires))}`);
  if (begun !== undefined) yield row('begun', formatTime(new Date(begun)));
  if (stopped !== undefined) yield row('stopped', formatTime(new Date(stopped.at)), `by ${stopped.by}`);
  if (ended !== undefined) yield row('ended', formatTime(new Date(ended)));
}

/** What it is to do: `backup documents`. */
export function orderWords({ order }: Pick<JobView, 'order'>): string[] {
  if (order.kind === 'backup') return [`backup ${order.set}`];
  if (order.kind === 'check') return [order.readData ? 'check --read-data' : 'check'];
  if (order.kind === 'grant') return [`grant ${order.grant} of ${order.path ?? 'all'} to ${order.to}`];
  return [`restore ${order.snapshot.slice(0, 8)} to ${order.target}`, ...order.include];
}

/** What came of it. */
export function resultWords({ outcome }: Pick<JobView, 'outcome'>): string[] {
  if (outcome === undefined) return [];
  const { snapshot, files, bytes, exit, code, message } = outcome;
  return [
    ...(snapshot === undefined ? [] : [snapshot.slice(0, 8)]),
    ...(files === undefined ? [] : [plural(files, 'file')]),
    ...(bytes === undefined ? [] : [formatBytes(bytes)]),
    ...(typeof exit === 'number' && exit !== 0 ? [`exit code ${exit}`] : []),
    ...(message === undefined ? [] : [code === undefined ? message : `${message} [${code}]`]),
  ];
}
