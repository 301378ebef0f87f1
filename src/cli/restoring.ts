import { resolve } from 'node:path';
import { HoldfastError } from '../base/index.ts';
import { restore } from '../repository/index.ts';
import type { Context } from './context.ts';
import { formatBytes, formatElapsed, plural } from './format.ts';
import type { RepositoryOptions } from './repository-options.ts';
import { openTarget } from './repository-target.ts';
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
  const { output, signal } = context;
  using target = await openTarget(context, request);
  const snapshot = await target.repository.findSnapshot(name, filterOf(request, signal));
  const directory = resolve(context.workingDirectory, request.target);
  const startedMs = performance.now();
  const progress = context.progress('restore');
  const summary = await restore(target.repository, snapshot, {
    target: Buffer.from(directory),
    include: request.include ?? [],
    overwrite: request.overwrite === true,
    verify: request.verify === true,
    signal,
    onProgress: (state) => progress.update(state),
    onProblem: (path, message) => output.warn(`${path}: ${message}`),
  }).finally(() => progress.stop());
  const seconds = Math.round(performance.now() - startedMs) / 1000;
  if (output.json) output.value({ snapshot: snapshot.id, target: directory, ...summary, seconds });
  else {
    const { files, bytes } = summary;
    const verified = request.verify === true ? ['read again, all equal'] : [];
    output.row(
      'restored',
      plural(files, 'file'),
      formatBytes(bytes),
      formatElapsed(seconds * 1000),
      ...verified,
    );
  }
  if (summary.problems > 0) {
    throw new HoldfastError(
      'restore_incomplete',
      `${plural(summary.problems, 'problem')} during the restore, each named above`,
      {
        hint: 'holdfast check --read-data shows what is damaged',
      },
    );
  }
}
