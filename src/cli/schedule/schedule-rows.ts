import type { OperationAnswer } from '../../admin/index.ts';
import { orderWords } from '../job/job-rows.ts';
import { whomText } from '../set/sent-set-rows.ts';
import { type Row, row } from '../terminal/answer.ts';
import { formatTime } from '../terminal/format.ts';

/** A schedule as the admin API has it. */
export type ScheduleView = OperationAnswer<'schedule.add'>;

/** A schedule in lines. */
export function* scheduleRows(schedule: ScheduleView): Iterable<Row> {
  const { name, every, zone, nodes, next } = schedule;
  yield row('schedule', name, ...orderWords(schedule), whomText(nodes));
  yield row('every', every, zone, `next ${formatTime(new Date(next))}`);
}
