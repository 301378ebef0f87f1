import type { Repository } from '../repository.ts';
import type { StoredSnapshot } from '../stored-snapshot.ts';
import { readContent } from './content-reader.ts';
import type { RestoreOptions, RestoreSummary } from './restore-options.ts';
import { RestoreTarget } from './restore-target.ts';
import { Restorer } from './restorer.ts';

/**
 * Restores a snapshot: content, modes, owners (for root), times to the nanosecond, links and extended attributes.
 *
 * A file has its final name only when its content is whole and was checked blob by blob: large ones are written beside it,
 * small ones at once and removed when that fails. (A process that is killed leaves at most the small file that each
 * worker was at, empty or short and with the time of the day, and `.holdfast-…` files, which the next restore there removes.) What cannot be restored is told to
 * `onProblem`, and the rest is. Times and modes of directories come last.
 *
 * @throws HoldfastError `target_not_empty` before anything is written; `storage_full` when the disk is
 */
export async function restore(
  repository: Repository,
  snapshot: Pick<StoredSnapshot, 'tree'> & Partial<Pick<StoredSnapshot, 'paths'>>,
  options: RestoreOptions,
): Promise<RestoreSummary> {
  const target = RestoreTarget.open(options.target, { overwrite: options.overwrite ?? false });
  let unlistedPacks = 0;
  const index = await repository.loadIndex({
    signal: options.signal,
    onDamaged: (_name, _error, packs) => (unlistedPacks = packs),
  });
  const restorer = new Restorer(target, { ...options, savedPaths: snapshot.paths ?? [] });
  const files = restorer.prepare(repository, snapshot.tree);
  await readContent(repository, files, { index, sink: restorer, signal: options.signal });
  return { ...restorer.finish(), unlistedPacks };
}
