import type { OperationAnswer } from '../../admin/index.ts';
import { formatDuration } from '../../base/index.ts';
import { type Row, row } from '../terminal/answer.ts';

/** A rule of which node is copied to which. */
export function ruleRows({
  from,
  to,
  keep,
  removeAfterMs,
  rate,
}: OperationAnswer<'replicate.list'>[number]): Row[] {
  const copies = keep === to.length ? 'on each' : `on ${keep} of them`;
  return [
    row('copied', from, `to ${to.join(', ')}`, `a copy of each repository ${copies}`),
    row('removed', `what is removed stays in the copies for ${formatDuration(removeAfterMs)}`),
    ...(rate === undefined ? [] : [row('limit', `${rate} KiB a second`)]),
  ];
}
