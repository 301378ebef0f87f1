import { HoldfastError } from '../base/index.ts';
import { type RestoreSummary, restore, type StoredSnapshot, verify } from '../repository/index.ts';
import type { AnswerOf } from './answers.ts';
import { localPath } from './files/local-path.ts';
import { RepeatableOption } from './options/option-values.ts';
import {
  addRepositoryOptions,
  addSnapshotFilters,
  filterOf,
  type RepositoryOptions,
  type SnapshotFilters,
  snapshotArgument,
} from './options/repository-options.ts';
import { limitsOf, parseRate } from './options/transfer-limits.ts';
import { addRules, atMostOne } from './options/word-rules.ts';
import type { Context } from './program/context.ts';
import { openTarget, type Target } from './repository/repository-target.ts';
import { type Answer, type Row, row } from './terminal/answer.ts';
import { formatBytes, formatElapsed, plural } from './terminal/format.ts';
import type { Word } from './word.ts';

/** `holdfast restore SNAPSHOT --target DIR` */
export const word: Word = {
  define: (command) => {
    addRules(command, atMostOne('--include', '--exclude'));
    addSnapshotFilters(addRepositoryOptions(command), 'snapshot')
      .argument('<snapshot>', snapshotArgument)
      .requiredOption('--target <dir>', 'where files go, each under its full original path')
      .addOption(new RepeatableOption('--include <pattern>', 'only what matches'))
      .addOption(new RepeatableOption('--exclude <pattern>', 'leave out what matches, as restic matches'))
      .option('--limit-download <kib>', 'fetch no more KiB in a second', parseRate)
      .option('--overwrite', 'go ahead when the target holds files, replacing those of the snapshot')
      .option('--verify', 'read the restored files again and compare them with the snapshot')
      .addHelpText('after', examples);
  },
  run: restoreSnapshot,
};

const examples = `
Examples:
  holdfast restore latest --target /tmp/back
  holdfast restore 9c1f02ab --target / --include /home/ann/letter.txt --overwrite
`;

interface RestoreRequest extends RepositoryOptions, SnapshotFilters {
  readonly target: string;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly limitDownload?: number;
  readonly overwrite?: boolean;
  readonly verify?: boolean;
}

/** Restores a snapshot and says how it went; `restore_incomplete` when some files could not be brought back. */
export async function restoreSnapshot(
  context: Context,
  name: string,
  request: RestoreRequest,
): Promise<Answer<AnswerOf<'restore'>>> {
  await using source = await openTarget(context, request, { limits: limitsOf(request) });
  const snapshot = await source.repository.findSnapshotFolder(name, filterOf(request, context));
  const target = localPath(context.workingDirectory, request.target);
  const startedMs = performance.now();
  const summary = await bringBack(context, source, snapshot, { ...request, target });
  const seconds = Math.round(performance.now() - startedMs) / 1000;
  const verified =
    request.verify === true ? await readAgain(context, source, snapshot, { ...request, target }) : 0;
  const problems = summary.problems + verified;
  const value = { snapshot: snapshot.id, target, ...summary, problems, seconds };
  const isProven = request.verify === true && verified === 0;
  const failure = problemsIn({ ...summary, problems }) ?? nothingIn(snapshot, request, summary);
  if (failure === undefined && summary.files === 0)
    context.output.warn(`not one file was restored: ${whatHasNone(snapshot, request)}`);
  return { value, rows: [restoredRow({ ...summary, seconds, isProven })], failure };
}

interface Restored extends RestoreSummary {
  readonly seconds: number;
  /** What was restored was read again, and is equal. */
  readonly isProven: boolean;
}

function restoredRow({ files, bytes, seconds, isProven }: Restored): Row {
  const proof = isProven && files > 0 ? ['read again, all equal'] : [];
  return row('restored', plural(files, 'file'), formatBytes(bytes), formatElapsed(seconds * 1000), ...proof);
}

function whatHasNone({ id }: StoredSnapshot, { include }: RestoreRequest): string {
  const from = `snapshot ${id.slice(0, 8)}`;
  return `${include?.join(' ') ?? from} has none`;
}

/** What comes back with nothing at all is no success without a word. */
function nothingIn(
  { id }: StoredSnapshot,
  { include }: RestoreRequest,
  { files, directories, others }: RestoreSummary,
): HoldfastError | undefined {
  if (include === undefined || files + directories + others > 0) return undefined;
  const message = `${include.join(' ')} leaves nothing of snapshot ${id.slice(0, 8)} to be restored`;
  return new HoldfastError('path_not_found', message, {
    hint: 'a pattern with ! takes back what those before it mean; holdfast ls SNAPSHOT shows what there is',
  });
}

/** Everything may be back, and the repository still want mending. */
function problemsIn({ problems, unlistedPacks }: RestoreSummary): HoldfastError | undefined {
  if (problems > 0) {
    const message = `${plural(problems, 'problem')} in the restore, each named above`;
    return new HoldfastError('restore_incomplete', message, {
      hint: 'everything else is restored; where damage is named, holdfast check --read-data names all of it',
    });
  }
  if (unlistedPacks === 0) return undefined;
  const message = `everything is restored, ${plural(unlistedPacks, 'pack')} of it past a damaged index`;
  return new HoldfastError('repository_damaged', message, {
    hint: 'holdfast repair index writes a good one',
  });
}

async function bringBack(
  { output, signal, progress: start }: Context,
  { repository }: Target,
  snapshot: StoredSnapshot,
  { target, include = [], exclude = [], overwrite = false }: RestoreRequest,
): Promise<RestoreSummary> {
  const progress = start('restore');
  const totalBytes = snapshot.summary?.totalBytesProcessed ?? 0;
  try {
    return await restore(repository, snapshot, {
      target,
      include,
      exclude,
      overwrite,
      signal,
      onProgress: (state) => progress.update({ ...state, totalBytes }),
      onProblem: ({ path, message }) => output.warn(`${path}: ${message}`),
    });
  } finally {
    progress.stop();
  }
}

/** Compares what lies in the target with the snapshot; how many files are not equal. */
async function readAgain(
  { output, signal, progress: start }: Context,
  { repository }: Target,
  snapshot: StoredSnapshot,
  { target, include = [], exclude = [] }: RestoreRequest,
): Promise<number> {
  const progress = start('verify');
  const totalBytes = snapshot.summary?.totalBytesProcessed ?? 0;
  try {
    const { different } = await verify(repository, snapshot, {
      restoredTo: target,
      include,
      exclude,
      signal,
      onProgress: (state) => progress.update({ ...state, totalBytes }),
      onProblem: ({ path, message }) => output.warn(`${path}: ${message}`),
    });
    return different.length;
  } finally {
    progress.stop();
  }
}
