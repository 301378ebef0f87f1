import type { Repository } from '../repository.ts';
import type { StoredSnapshot } from '../snapshot-list.ts';
import { readContent } from './content-reader.ts';
import { RestoreTarget } from './restore-target.ts';
import { Restorer } from './restorer.ts';

/** How a snapshot is restored. */
export interface RestoreOptions {
  /** The directory that everything lands in, under its full original path. Made when it is not there. */
  readonly target: string;
  /** Patterns as restic's `--include`; everything when there are none. */
  readonly include?: readonly string[];
  /** Replace what is in the way; without it the target must be empty. */
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RestoreProgress) => void;
  readonly onProblem?: (problem: RestoreProblem) => void;
}

/** How far a restore is. */
export interface RestoreProgress {
  readonly files: number;
  readonly bytes: number;
}

/** Something that is not there or not as it was saved. */
export interface RestoreProblem {
  /** The path in the snapshot, as `pathText` shows it. */
  readonly path: string;
  readonly message: string;
}

/** What a restore did. */
export interface RestoreSummary {
  readonly files: number;
  readonly directories: number;
  /** Symlinks, devices, pipes, sockets, and further names of hard-linked files. */
  readonly others: number;
  /** Bytes of file content. */
  readonly bytes: number;
  /** How often `onProblem` was called: 0 when everything is as it was saved. */
  readonly problems: number;
}

/**
 * Restores a snapshot: content, modes, owners (for root), times to the nanosecond, links and extended attributes.
 *
 * A file has its final name only when its content is whole and was checked blob by blob: large ones are written beside it,
 * small ones at once and removed when that fails. (A process that is killed leaves at most the small file that each
 * worker was at, empty or short and with the time of the day, and `.holdfast-…` files.) What cannot be restored is told to
 * `onProblem`, and the rest is. Times and modes of directories come last.
 *
 * @throws HoldfastError `target_not_empty` before anything is written; `storage_full` when the disk is
 */
export async function restore(
  repository: Repository,
  snapshot: Pick<StoredSnapshot, 'tree'>,
  options: RestoreOptions,
): Promise<RestoreSummary> {
  const target = RestoreTarget.open(options.target, { overwrite: options.overwrite ?? false });
  const index = await repository.loadIndex(options.signal ? { signal: options.signal } : {});
  target.create();
  const restorer = new Restorer(target, options);
  const files = restorer.prepare(repository, snapshot.tree);
  await readContent(repository, files, { index, sink: restorer, signal: options.signal });
  return restorer.finish();
}
