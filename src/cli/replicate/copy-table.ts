import type { OperationAnswer } from '../../admin/index.ts';
import { type Row, table } from '../terminal/answer.ts';
import { formatBytes, formatCount, formatTime } from '../terminal/format.ts';

type Copies = OperationAnswer<'replicate.status'>;

/** How far each copy is. */
export function copyTable(copies: Copies): Row {
  const columns = ['Repository', 'At', 'Whole', 'Lacks', 'State'].map((heading, at) => ({
    heading,
    shrink: at === 4,
  }));
  return table(columns, copies.map(cellsOf), 'there is no copy yet: holdfast replicate list');
}

function cellsOf(copy: Copies[number]): string[] {
  const { repository, node, whole, lag } = copy;
  const lacks =
    lag.objects === 0 ? 'nothing' : `${formatCount(lag.objects)} files, ${formatBytes(lag.bytes)}`;
  const since = whole === undefined ? 'never' : formatTime(new Date(whole));
  return [repository, node, since, lacks, stateOf(copy)];
}

function stateOf({ halted, problem, damaged, unequal, lag }: Copies[number]): string {
  if (halted) return 'keeps everything: most was lost here at once; run --accept-loss where that is meant';
  if (problem !== undefined) return problem;
  if (damaged > 0) return `${formatCount(damaged)} files are damaged here, and are not copied`;
  if (unequal > 0) return `${formatCount(unequal)} files are damaged there`;
  return lag.objects === 0 ? 'good' : 'behind';
}
