import { HoldfastError } from '../../base/index.ts';
import { textPath } from '../../files/index.ts';
import {
  copySnapshots,
  initRepository,
  type Repository,
  randomPasswordCost,
  thisMachine,
} from '../../repository/index.ts';
import type { ObjectStore } from '../../storage/index.ts';
import { randomPassword } from '../repository-location.ts';

/** What of a repository is copied. */
interface PathCopy {
  /** Absolute, as snapshots have it. */
  readonly path: string;
  /** Names of snapshots; `all` is every one. */
  readonly snapshots: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Makes a repository of its own, with a key of its own, that has a file or folder of some snapshots of another one and nothing else.
 * @throws HoldfastError `path_not_found` where none of them has it, `snapshot_not_found`, and as `copySnapshots`
 */
export async function copyPath(
  from: Repository,
  store: ObjectStore,
  { path, snapshots: names, signal }: PathCopy,
): Promise<Repository> {
  const snapshots = await from.findSnapshots(names.includes('all') ? [] : names, { signal });
  const made = { password: randomPassword(), cost: randomPasswordCost, ...thisMachine(), signal };
  const to = await initRepository(store, made);
  const { snapshots: copied } = await copySnapshots({ from, to, snapshots, subtree: textPath(path), signal });
  if (copied.some(({ outcome }) => outcome === 'copied')) return to;
  throw new HoldfastError('path_not_found', `${snapshots.length} snapshots looked into, none has ${path}`, {
    hint: 'holdfast ls SNAPSHOT shows what it has; holdfast find NAME looks for a file in all',
  });
}
