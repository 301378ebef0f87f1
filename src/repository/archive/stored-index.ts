import type { ObjectInfo } from '../../storage/index.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { Repository } from '../repository.ts';

/** What a backup need not store again, and the packs that are there. */
export interface StoredIndex {
  readonly index: BlobIndex;
  readonly packs: readonly ObjectInfo[];
}

/**
 * What the readable index files list and what is stored, both: packs may be lost that indexes still name, as where a server
 * was set back. What was in those is stored again.
 */
export async function loadStoredIndex(
  repository: Repository,
  cancel: { readonly signal: AbortSignal },
): Promise<StoredIndex> {
  const { index } = await repository.loadListedIndex(cancel);
  // After the indexes: whatever they name was stored before them.
  const packs = await repository.store.list('data', cancel);
  const listed = packs.filter(({ name }) => index.hasPack(name)).length;
  if (listed === index.packCount) return { index, packs };
  const stored = new Set(packs.map(({ name }) => name));
  const rest = await repository.loadListedIndex({ ...cancel, isStored: (pack) => stored.has(pack) });
  return { index: rest.index, packs };
}
