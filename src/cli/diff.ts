import { type DiffStatistics, diffTrees, type TreeChange } from '../repository/index.ts';
import {
  addReadOptions,
  addSnapshotFilters,
  filterOf,
  type ReadOptions,
  type SnapshotFilters,
  snapshotArgument,
} from './options/repository-options.ts';
import type { Context } from './program/context.ts';
import { damageIn, tellingProblems } from './repository/path-problems.ts';
import { openTarget } from './repository/repository-target.ts';
import { type AnswerStream, line, type Row, row } from './terminal/answer.ts';
import { formatBytes, plural } from './terminal/format.ts';
import { printable } from './terminal/table.ts';
import type { Word } from './word.ts';

/** What `diff` takes. */
interface DiffRequest extends ReadOptions, SnapshotFilters {
  readonly metadata?: boolean;
}

/** `holdfast diff SNAPSHOT OTHER` */
export const word: Word = {
  define: (command) => {
    addSnapshotFilters(addReadOptions(command), 'snapshot', 'other')
      .argument('<snapshot>', snapshotArgument)
      .argument('<other>', 'the later one, named likewise')
      .option('--metadata', 'also what differs in nothing but mode, owner, times and the like')
      .addHelpText('after', examples);
  },
  run: diffSnapshots,
};

const examples = `
Examples:
  holdfast diff latest~1 latest
  holdfast diff 9c1f02ab:/home/ann latest:/home/ann --metadata

+ is only in the second, - only in the first, M has other content, T is of another type, U has other metadata; M? has other
content while size, times and all else are the same, as when a disk goes bad.
`;

/** `holdfast diff`: what is not the same in two snapshots, and how much. */
async function diffSnapshots(
  context: Context,
  first: string,
  second: string,
  request: DiffRequest,
): Promise<AnswerStream> {
  return { each: changesOf(context, [first, second], request) };
}

async function* changesOf(
  context: Context,
  [first, second]: readonly [string, string],
  request: DiffRequest,
): AsyncGenerator<{ value: unknown; row: Row }> {
  const { signal } = context;
  await using target = await openTarget(context, request);
  const { repository } = target;
  const filter = filterOf(request, context);
  const before = await repository.findSnapshotFolder(first, filter);
  const after = await repository.findSnapshotFolder(second, filter);
  const problems = tellingProblems(context);
  const options = { metadata: request.metadata === true, signal, onProblem: problems.onProblem };
  const changes = diffTrees(repository, before.tree, after.tree, options);
  let next = await changes.next();
  for (; next.done !== true; next = await changes.next())
    yield { value: next.value, row: changeRow(next.value) };
  const ids = { before: before.id, after: after.id };
  yield { value: { ...ids, ...next.value }, row: statisticsRow(next.value) };
  const damage = damageIn(problems, 'what is shown is so');
  if (damage !== undefined) throw damage;
}

function changeRow({ path, modifier }: TreeChange): Row {
  return line(`${modifier.padEnd(4)} ${printable(path)}`);
}

function statisticsRow({ changedFiles, added, removed }: DiffStatistics): Row {
  return row(
    'in all',
    `${plural(changedFiles, 'file')} changed`,
    sideWords('+', added),
    sideWords('-', removed),
  );
}

/** `+ 3 files, 1 folder, 2.1 MiB in 4 blobs` */
function sideWords(sign: string, side: DiffStatistics['added']): string {
  const { files, dirs, others, bytes, dataBlobs, treeBlobs } = side;
  const kinds = [
    ...(files > 0 ? [plural(files, 'file')] : []),
    ...(dirs > 0 ? [plural(dirs, 'folder')] : []),
    ...(others > 0 ? [plural(others, 'other')] : []),
    `${formatBytes(bytes)} in ${plural(dataBlobs + treeBlobs, 'blob')}`,
  ];
  return `${sign} ${kinds.join(', ')}`;
}
