import { type HoldfastError, isHoldfastError } from '../base/index.ts';
import type { ObjectId } from '../storage/index.ts';
import type { PackContents } from './format/blob.ts';
import type { Repository } from './repository.ts';
import type { LockOptions } from './repository-lock.ts';
import { findUnlistedPacks, type ListedIndex, parseIndexFile } from './unpacked-store.ts';

/** An index file is written for so many blobs at a time, as by backups. */
const fullBlobs = 50_000;

export interface RepairIndexOptions extends Pick<LockOptions, 'retryForMs' | 'onWaiting'> {
  readonly signal?: AbortSignal;
  /** Told of each pack that is in no index and whose header cannot be read either. */
  readonly onUnreadable?: (pack: ObjectId, error: HoldfastError) => void;
}

/** What a repair of the index did. */
export interface RepairIndexSummary {
  /** Packs that no index file listed that stays, and are in a new one now. */
  readonly packs: number;
  /** Blobs in them. */
  readonly blobs: number;
  /** Packs that no index file lists and that do not say themselves what is in them. */
  readonly unreadablePacks: number;
  /** Packs that an index file names and that are missing or shorter than it says. */
  readonly lostPacks: number;
  /** Index files that were removed, since they were damaged or named lost packs. */
  readonly removed: readonly ObjectId[];
  /** Such that the storage keeps: it removes nothing, or could not read them this time. */
  readonly kept: readonly ObjectId[];
}

/**
 * Writes a new index file for the packs that no good one lists, from their own headers, and then removes index files that are
 * damaged or name packs that are lost, where the storage lets it. Nothing that they alone knew of packs that are there is
 * lost with them, so that any moment at which it is stopped is as good as the one before. It holds an exclusive lock: packs
 * of a backup under way are not its business.
 */
export async function repairIndex(
  repository: Repository,
  options: RepairIndexOptions = {},
): Promise<RepairIndexSummary> {
  const { signal: stop, onUnreadable = () => {}, retryForMs, onWaiting } = options;
  await using lock = await repository.lock({ exclusive: true, signal: stop, retryForMs, onWaiting });
  const signal = stop ? AbortSignal.any([stop, lock.lost]) : lock.lost;
  const { index, damaged, outdated, lostPacks } = await loadGoodIndex(repository, signal);
  const packs = await fromOutdated(repository, outdated, { index, lostPacks, signal });
  for (const pack of packs) index.add(pack);
  let unreadablePacks = 0;
  const unlisted = await findUnlistedPacks(repository, index, {
    signal,
    onUnreadable: (pack, error) => {
      if (lostPacks.has(pack)) return;
      unreadablePacks++;
      onUnreadable(pack, error);
    },
  });
  packs.push(...unlisted);
  for (const some of inIndexFiles(packs)) await repository.saveIndex(some, { signal });
  const { removed, kept } = await removeBad(repository, { damaged, outdated }, signal);
  const blobs = packs.reduce((sum, pack) => sum + pack.blobs.length, 0);
  return { packs: packs.length, blobs, unreadablePacks, lostPacks: lostPacks.size, removed, kept };
}

interface GoodIndex extends ListedIndex {
  /** Index files that can be read and name lost packs: what they say is not in `index`. */
  readonly outdated: ReadonlySet<ObjectId>;
  readonly lostPacks: ReadonlySet<ObjectId>;
}

async function loadGoodIndex(repository: Repository, signal: AbortSignal): Promise<GoodIndex> {
  const stored = await repository.store.list('data', { signal });
  const sizes = new Map<ObjectId, number>(stored.map(({ name, size }) => [name, size]));
  const outdated = new Set<ObjectId>();
  const lostPacks = new Set<ObjectId>();
  const all = await repository.loadListedIndex({
    signal,
    isStored: (pack, name) => {
      if ((sizes.get(pack.id) ?? -1) >= pack.leastSize()) return true;
      lostPacks.add(pack.id);
      outdated.add(name);
      return false;
    },
  });
  if (outdated.size === 0) return { ...all, outdated, lostPacks };
  const good = await repository.loadListedIndex({ signal, isStored: (_pack, name) => !outdated.has(name) });
  return { ...good, outdated, lostPacks };
}

/** What outdated index files say of packs that are there and that no good one lists. */
async function fromOutdated(
  { files }: Repository,
  outdated: ReadonlySet<ObjectId>,
  { index, lostPacks, signal }: Pick<GoodIndex, 'index' | 'lostPacks'> & { readonly signal: AbortSignal },
): Promise<PackContents[]> {
  const found = new Map<ObjectId, PackContents>();
  for (const name of outdated) {
    for (const pack of parseIndexFile(await files.load('index', name, { signal }), `index ${name}`))
      if (!lostPacks.has(pack.id) && !index.hasPack(pack.id)) found.set(pack.id, pack);
  }
  return [...found.values()];
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

async function removeBad(
  repository: Repository,
  { damaged, outdated }: Pick<GoodIndex, 'damaged' | 'outdated'>,
  signal: AbortSignal,
): Promise<{ removed: readonly ObjectId[]; kept: readonly ObjectId[] }> {
  const removed: ObjectId[] = [];
  const kept: ObjectId[] = [];
  for (const name of outdated) ((await isRemoved(repository, name, signal)) ? removed : kept).push(name);
  for (const { name, error } of damaged) {
    const isGone = isHoldfastError(error, 'object_not_found');
    if (isGone) continue;
    ((await removeIfDamaged(repository, name, signal)) ? removed : kept).push(name);
  }
  return { removed, kept };
}

/** Read once more first: a line or a disk that failed for a moment is no reason to remove anything. */
async function removeIfDamaged(
  repository: Repository,
  name: ObjectId,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await repository.files.load('index', name, { signal });
    return false;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    if (error.code !== 'repository_damaged') return false;
  }
  return await isRemoved(repository, name, signal);
}

async function isRemoved({ files }: Repository, name: ObjectId, signal: AbortSignal): Promise<boolean> {
  try {
    await files.remove('index', name, { signal });
    return true;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return false;
  }
}
