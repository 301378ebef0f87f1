import type { ObjectId, ObjectInfo } from '../../storage/index.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { Repository } from '../repository.ts';
import { LostContent } from './lost-content.ts';

/** What a backup need not store again, and the packs that are there. */
export interface StoredIndex {
  readonly index: BlobIndex;
  /** Without those that are cut short or known to be damaged. */
  readonly packs: readonly ObjectInfo[];
  /** What index files name and no pack has. */
  readonly lost: LostContent;
}

/**
 * What the readable index files list and what is stored, both: packs may be lost that indexes still name, as where a server
 * was set back, or be shorter than an index says, or be among the `damaged` ones that a check has found. What was in those is
 * stored again.
 */
export async function loadStoredIndex(
  repository: Repository,
  { damaged = [], ...cancel }: { readonly signal: AbortSignal; readonly damaged?: readonly ObjectId[] },
): Promise<StoredIndex> {
  const { index } = await repository.loadListedIndex(cancel);
  const isDamaged = new Set(damaged);
  // After the indexes: whatever they name was stored before them.
  const packs = (await repository.store.list('data', cancel)).filter(
    ({ name, size }) => !isDamaged.has(name) && size >= leastSize(index, name),
  );
  const listed = packs.filter(({ name }) => index.hasPack(name)).length;
  if (listed === index.packCount) return { index, packs, lost: LostContent.none };
  const stored = new Set(packs.map(({ name }) => name));
  const rest = await repository.loadListedIndex({ ...cancel, isStored: ({ id }) => stored.has(id) });
  return { index: rest.index, packs, lost: LostContent.between(index, rest.index) };
}

/** Of a pack that no index names nothing is expected. */
function leastSize(index: BlobIndex, pack: ObjectId): number {
  return index.hasPack(pack) ? index.leastPackSize(pack) : 0;
}
