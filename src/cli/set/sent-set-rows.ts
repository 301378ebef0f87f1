import type { OperationAnswer } from '../../admin/index.ts';
import { type Row, row } from '../terminal/answer.ts';
import { formatTime } from '../terminal/format.ts';

/** A set that is sent, as the admin API has it. */
export type SentSetView = OperationAnswer<'set.send'>;

/** A set that is sent, in lines. */
export function* sentSetRows({ name, nodes, sent, by, set }: SentSetView): Iterable<Row> {
  yield row('set', name, `every ${set.every}`, ...set.paths);
  yield row('sent', whomText(nodes), formatTime(new Date(sent)), `by ${by}`);
}

/** To whom a set is sent. */
export function whomText(nodes: readonly string[] | undefined): string {
  return nodes === undefined ? 'to every client' : `to ${nodes.join(', ')}`;
}
