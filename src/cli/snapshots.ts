import { HoldfastError } from '../base/index.ts';
import {
  describeFilter,
  type SnapshotFilter,
  type StoredSnapshot,
  snapshotTime,
} from '../repository/index.ts';
import type { AnswerOf } from './answers.ts';
import {
  addReadOptions,
  addSnapshotFilters,
  filterOf,
  type ReadOptions,
  type SnapshotFilters,
} from './options/repository-options.ts';
import type { Context } from './program/context.ts';
import { openTarget } from './repository/repository-target.ts';
import { type Answer, type Row, table } from './terminal/answer.ts';
import { formatBytes, formatTime, plural } from './terminal/format.ts';
import type { Word } from './word.ts';

/** `holdfast snapshots` */
export const word: Word = {
  define: (command) => {
    addSnapshotFilters(addReadOptions(command), 'snapshots')
      .argument('[snapshots...]', 'those alone: ids or their first digits, latest or latest~2')
      .addHelpText('after', examples);
  },
  run: listSnapshots,
};

const examples = `
Examples:
  holdfast snapshots
  holdfast snapshots --host laptop --tag monthly --json
  holdfast snapshots latest~1 9c1f02ab
`;

/** `holdfast snapshots`: one line each, the oldest first, or as they are named. One that is damaged is named, and ends it with `repository_damaged`. */
export async function listSnapshots(
  context: Context,
  names: readonly string[],
  options: ReadOptions & SnapshotFilters,
): Promise<Answer<AnswerOf<'snapshots'>>> {
  const { output, signal } = context;
  await using target = await openTarget(context, options);
  let damaged = 0;
  const onDamaged = (_id: string, { message }: Error): void => {
    damaged++;
    output.warn(message);
  };
  const filter = filterOf(options, context);
  const chosen = await target.repository.findSnapshots(names, { ...filter, signal, onDamaged });
  if (chosen.length === 0) output.warn(whyNone(filter));
  const rows = chosen.length === 0 ? [] : [snapshotTable(chosen)];
  return { value: chosen.map(toJson), rows, failure: damage(damaged) };
}

function damage(damaged: number): HoldfastError | undefined {
  if (damaged === 0) return undefined;
  return new HoldfastError('repository_damaged', `${plural(damaged, 'snapshot')} damaged, named above`, {
    hint: 'those in the list are readable: restore them by their id',
  });
}

function snapshotTable(chosen: readonly StoredSnapshot[]): Row {
  return table(
    [
      { heading: 'ID' },
      { heading: 'Time' },
      { heading: 'Host', shrink: true },
      { heading: 'Files', align: 'right' },
      { heading: 'Size', align: 'right' },
      { heading: 'Paths', shrink: true },
    ],
    chosen.map((snapshot) => [
      snapshot.id.slice(0, 8),
      formatTime(snapshotTime(snapshot)),
      snapshot.hostname ?? '',
      snapshot.summary === undefined ? '' : String(snapshot.summary.totalFilesProcessed),
      snapshot.summary === undefined ? '' : formatBytes(snapshot.summary.totalBytesProcessed),
      snapshot.paths.join(', '),
    ]),
  );
}

function whyNone(filter: SnapshotFilter): string {
  const of = describeFilter(filter);
  return of === '' ? 'there is no snapshot yet: holdfast backup PATH makes one' : `no snapshot${of} is there`;
}

function toJson(snapshot: StoredSnapshot): AnswerOf<'snapshots'>[number] {
  const { id, arrivedMs, parent, tree, paths, hostname, username, tags, summary } = snapshot;
  return {
    id,
    time: snapshotTime(snapshot).toISOString(),
    ...(arrivedMs !== undefined && { arrived: new Date(arrivedMs).toISOString() }),
    parent,
    tree,
    paths,
    hostname,
    username,
    tags,
    ...(summary && { files: summary.totalFilesProcessed, bytes: summary.totalBytesProcessed }),
  };
}
