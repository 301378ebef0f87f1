import { Option } from 'commander';
import { type StatsCount, type StatsMode, snapshotStats, statsModes } from '../repository/index.ts';
import type { AnswerOf } from './answers.ts';
import {
  addRepositoryOptions,
  addSnapshotFilters,
  filterOf,
  type RepositoryOptions,
  type SnapshotFilters,
} from './options/repository-options.ts';
import type { Context } from './program/context.ts';
import { damageIn, tellingProblems } from './repository/path-problems.ts';
import { openTarget } from './repository/repository-target.ts';
import { type Answer, type Row, row } from './terminal/answer.ts';
import { formatBytes, plural } from './terminal/format.ts';
import type { Word } from './word.ts';

/** What `stats` takes. */
interface StatsRequest extends RepositoryOptions, SnapshotFilters {
  readonly mode: StatsMode;
}

/** `holdfast stats` */
export const word: Word = {
  define: (command) => {
    addSnapshotFilters(addRepositoryOptions(command), 'snapshots')
      .argument('[snapshots...]', 'those alone: ids or their first digits, latest or latest~2')
      .addOption(new Option('--mode <what>', 'what is counted').choices(statsModes).default(statsModes[0]))
      .addHelpText('after', examples);
  },
  run: countSnapshots,
};

const examples = `
Examples:
  holdfast stats latest
  holdfast stats --mode raw-data
  holdfast stats --mode files-by-contents --host laptop

restore-size is what restoring all of them would write; files-by-contents has the same content once; blobs-per-file the pieces of those
files, once for each path; raw-data is what is stored for them, compressed and encrypted.
`;

/** Counts what snapshots hold. */
async function countSnapshots(
  context: Context,
  names: readonly string[],
  options: StatsRequest,
): Promise<Answer<AnswerOf<'stats'>>> {
  await using target = await openTarget(context, options);
  const { mode } = options;
  const snapshots = await target.repository.findSnapshots(names, filterOf(options, context));
  const problems = tellingProblems(context);
  const counted = await snapshotStats(target.repository, {
    snapshots,
    mode,
    signal: context.signal,
    onProblem: problems.onProblem,
  });
  return {
    value: { mode, snapshots: snapshots.length, ...counted },
    rows: statsRows(counted, { mode, snapshots: snapshots.length }),
    failure: damageIn(problems, 'what is counted is there'),
  };
}

function* statsRows(
  { bytes, files, blobs, uncompressedBytes }: StatsCount,
  { mode, snapshots }: { readonly mode: StatsMode; readonly snapshots: number },
): Iterable<Row> {
  const counts = [
    ...(files === undefined ? [] : [plural(files, 'file')]),
    ...(blobs === undefined ? [] : [plural(blobs, 'blob')]),
  ];
  yield row('counted', mode, plural(snapshots, 'snapshot'), ...counts, formatBytes(bytes));
  if (uncompressedBytes !== undefined && bytes > 0)
    yield row(
      'plain',
      formatBytes(uncompressedBytes),
      `${(uncompressedBytes / bytes).toFixed(2)} times as much`,
    );
}
