import { HoldfastError } from '../base/index.ts';
import { type RestoreSummary, restore, type StoredSnapshot, verify } from '../repository/index.ts';
import { localPath } from './files/local-path.ts';
import { RepeatableOption } from './options/repeatable-option.ts';
import { addRepositoryOptions, type RepositoryOptions } from './options/repository-options.ts';
import { addSnapshotFilters, filterOf, type SnapshotFilters } from './options/snapshot-filters.ts';
import { addRules, needs } from './options/word-rules.ts';
import type { Context } from './program/context.ts';
import { openTarget, type Target } from './repository/repository-target.ts';
import { formatBytes, formatElapsed, plural } from './terminal/format.ts';
import type { Output } from './terminal/output.ts';
import type { Word } from './word.ts';

/** `holdfast restore SNAPSHOT --target DIR` */
export const word: Word = {
  define: (command) => {
    addRules(command, needs('--host', 'snapshot latest'), needs('--path', 'snapshot latest'));
    addSnapshotFilters(addRepositoryOptions(command))
      .argument('<snapshot>', 'a snapshot id, the first digits of one, or latest')
      .requiredOption('--target <dir>', 'where files go, each under its full original path')
      .addOption(new RepeatableOption('--include <pattern>', 'only what matches'))
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
  readonly overwrite?: boolean;
  readonly verify?: boolean;
}

/** Restores a snapshot and says how it went; `restore_incomplete` when some files could not be brought back. */
export async function restoreSnapshot(
  context: Context,
  name: string,
  request: RestoreRequest,
): Promise<void> {
  const { output } = context;
  await using source = await openTarget(context, request);
  const snapshot = await source.repository.findSnapshot(name, filterOf(request, context));
  const target = localPath(context.workingDirectory, request.target);
  const startedMs = performance.now();
  const summary = await bringBack(context, source, snapshot, { ...request, target });
  const seconds = Math.round(performance.now() - startedMs) / 1000;
  const verified =
    request.verify === true ? await readAgain(context, source, snapshot, { ...request, target }) : 0;
  const problems = summary.problems + verified;
  if (output.json) output.value({ snapshot: snapshot.id, target, ...summary, problems, seconds });
  else {
    const { files, bytes } = summary;
    const proof = request.verify === true && verified === 0 && files > 0 ? ['read again, all equal'] : [];
    output.row(
      'restored',
      plural(files, 'file'),
      formatBytes(bytes),
      formatElapsed(seconds * 1000),
      ...proof,
    );
  }
  refuseProblems({ ...summary, problems });
  sayNothing(output, snapshot, { ...request, summary });
}

/**
 * What comes back with not one file is no success without a word.
 * @throws HoldfastError `path_not_found` when the patterns leave nothing at all
 */
function sayNothing(
  output: Output,
  { id }: StoredSnapshot,
  { include, summary }: Pick<RestoreRequest, 'include'> & { readonly summary: RestoreSummary },
): void {
  const { files, directories, others } = summary;
  const from = `snapshot ${id.slice(0, 8)}`;
  if (include !== undefined && files + directories + others === 0)
    throw new HoldfastError(
      'path_not_found',
      `${include.join(' ')} leaves nothing of ${from} to be restored`,
      {
        hint: 'a pattern with ! takes back what those before it mean; holdfast ls shows what there is',
      },
    );
  if (files === 0) output.warn(`not one file was restored: ${include?.join(' ') ?? from} has none`);
}

/** Everything may be back, and the repository still want mending. */
function refuseProblems({ problems, unlistedPacks }: RestoreSummary): void {
  if (problems > 0) {
    const message = `${plural(problems, 'problem')} in the restore, each named above`;
    throw new HoldfastError('restore_incomplete', message, {
      hint: 'everything else is restored; where damage is named, holdfast check --read-data names all of it',
    });
  }
  if (unlistedPacks === 0) return;
  const message = `everything is restored, ${plural(unlistedPacks, 'pack')} of it past a damaged index`;
  throw new HoldfastError('repository_damaged', message, { hint: 'holdfast repair index writes a good one' });
}

async function bringBack(
  { output, signal, progress: start }: Context,
  { repository }: Target,
  snapshot: StoredSnapshot,
  { target, include = [], overwrite = false }: RestoreRequest,
): Promise<RestoreSummary> {
  const progress = start('restore');
  const totalBytes = snapshot.summary?.totalBytesProcessed ?? 0;
  try {
    return await restore(repository, snapshot, {
      target,
      include,
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
  { target, include = [] }: RestoreRequest,
): Promise<number> {
  const progress = start('verify');
  const totalBytes = snapshot.summary?.totalBytesProcessed ?? 0;
  try {
    const { different } = await verify(repository, snapshot, {
      restoredTo: target,
      include,
      signal,
      onProgress: (state) => progress.update({ ...state, totalBytes }),
      onProblem: ({ path, message }) => output.warn(`${path}: ${message}`),
    });
    return different.length;
  } finally {
    progress.stop();
  }
}
