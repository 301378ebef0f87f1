import { type HoldfastError, isHoldfastError } from '../base/index.ts';
import type { ObjectId } from '../storage/index.ts';
import type { PackContents } from './format/blob.ts';
import type { DamagedIndex } from './index-loader.ts';
import type { Repository } from './repository.ts';
import { findUnlistedPacks } from './unlisted-packs.ts';

/** An index file is written for so many blobs at a time, as by backups. */
const fullBlobs = 50_000;

export interface RepairIndexOptions {
  readonly signal?: AbortSignal;
  /** Told of each pack that is in no index and whose header cannot be read either. */
  readonly onUnreadable?: (pack: ObjectId, error: HoldfastError) => void;
}

/** What a repair of the index did. */
export interface RepairIndexSummary {
  /** Packs that no readable index file listed, and are in a new one now. */
  readonly packs: number;
  /** Blobs in them. */
  readonly blobs: number;
  /** Packs that no index file lists and that do not say themselves what is in them. */
  readonly unreadablePacks: number;
  /** Damaged index files that were removed. */
  readonly removed: readonly ObjectId[];
  /** Damaged index files that the storage keeps: it removes nothing, or could not read them this time. */
  readonly kept: readonly ObjectId[];
}

/**
 * Writes a new index file for the packs that no readable one lists, from their own headers, and then removes damaged index
 * files where the storage lets it. Nothing that can be read is removed, so that any moment at which it is stopped is
 * as good as the one before. It holds an exclusive lock: packs of a backup under way are not its business.
 */
export async function repairIndex(
  repository: Repository,
  options: RepairIndexOptions = {},
): Promise<RepairIndexSummary> {
  const { signal: stop, onUnreadable = () => {} } = options;
  await using lock = await repository.lock({ exclusive: true, ...(stop && { signal: stop }) });
  const signal = stop ? AbortSignal.any([stop, lock.lost]) : lock.lost;
  const { index, damaged } = await repository.loadListedIndex({ signal });
  let unreadablePacks = 0;
  const packs = await findUnlistedPacks(repository, index, {
    signal,
    onUnreadable: (pack, error) => {
      unreadablePacks++;
      onUnreadable(pack, error);
    },
  });
  for (const some of inIndexFiles(packs)) await repository.saveIndex(some, { signal });
  const { removed, kept } = await removeDamaged(repository, damaged, signal);
  const blobs = packs.reduce((sum, pack) => sum + pack.blobs.length, 0);
  return { packs: packs.length, blobs, unreadablePacks, removed, kept };
}

function* inIndexFiles(packs: readonly PackContents[]): Generator<readonly PackContents[]> {
  let some: PackContents[] = [];
  let blobs = 0;
  for (const pack of packs) {
    some.push(pack);
    blobs += pack.blobs.length;
    if (blobs < fullBlobs) continue;
    yield some;
    some = [];
    blobs = 0;
  }
  if (some.length > 0) yield some;
}

async function removeDamaged(
  repository: Repository,
  damaged: readonly DamagedIndex[],
  signal: AbortSignal,
): Promise<{ removed: readonly ObjectId[]; kept: readonly ObjectId[] }> {
  const removed: ObjectId[] = [];
  const kept: ObjectId[] = [];
  for (const { name, error } of damaged) {
    const isGone = isHoldfastError(error, 'object_not_found');
    if (isGone) continue;
    ((await removeIfDamaged(repository, name, signal)) ? removed : kept).push(name);
  }
  return { removed, kept };
}

/** Read once more first: a line or a disk that failed for a moment is no reason to remove anything. */
async function removeIfDamaged({ files }: Repository, name: ObjectId, signal: AbortSignal): Promise<boolean> {
  try {
    await files.load('index', name, { signal });
    return false;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    if (error.code !== 'repository_damaged') return false;
  }
  try {
    await files.remove('index', name, { signal });
    return true;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return false;
  }
}
