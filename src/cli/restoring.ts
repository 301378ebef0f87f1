import { HoldfastError } from '../base/index.ts';
import { type RestoreSummary, restore, type StoredSnapshot, verify } from '../repository/index.ts';
import type { Context } from './context.ts';
import { formatBytes, formatElapsed, plural } from './format.ts';
import { localPath } from './local-path.ts';
import type { RepositoryOptions } from './repository-options.ts';
import { openTarget, type Target } from './repository-target.ts';
import { filterOf, type SnapshotFilters } from './snapshot-filters.ts';

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
    const proof = request.verify === true && verified === 0 ? ['read again, all equal'] : [];
    output.row(
      'restored',
      plural(files, 'file'),
      formatBytes(bytes),
      formatElapsed(seconds * 1000),
      ...proof,
    );
  }
  refuseProblems({ ...summary, problems });
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
