import { forEachLimited, type HoldfastError, isHoldfastError } from '../base/index.ts';
import type { ObjectId, ObjectInfo, ObjectStore } from '../storage/index.ts';
import type { PackContents } from './format/blob.ts';
import type { BlobIndex } from './format/blob-index.ts';
import { readPackHeader } from './format/pack-header.ts';
import type { UnitCipher } from './format/unit.ts';

const concurrentReads = 8;

interface FindOptions {
  readonly signal?: AbortSignal;
  /** The packs that are stored, where somebody has listed them. */
  readonly stored?: readonly ObjectInfo[];
  /** Told of each pack whose header cannot be read; it is left alone. */
  readonly onUnreadable?: (pack: ObjectId, error: HoldfastError) => void;
}

/**
 * Packs that are stored but in no index that could be read, by what their own headers say: a run that was interrupted
 * between the two leaves some, and so does an index file that is damaged or gone.
 */
export async function findUnlistedPacks(
  { store, cipher }: { readonly store: ObjectStore; readonly cipher: UnitCipher },
  index: BlobIndex,
  { onUnreadable = () => {}, stored, ...cancel }: FindOptions = {},
): Promise<PackContents[]> {
  const packs = (stored ?? (await store.list('data', cancel))).filter((pack) => !index.hasPack(pack.name));
  const found: PackContents[] = [];
  await forEachLimited(packs, concurrentReads, async (pack) => {
    try {
      found.push({ id: pack.name, blobs: await readPackHeader(store, cipher, pack, cancel) });
    } catch (error) {
      if (isHoldfastError(error, 'object_not_found')) return;
      if (!isHoldfastError(error, 'repository_damaged', 'object_corrupt', 'storage_failed')) throw error;
      onUnreadable(pack.name, error);
    }
  });
  return found;
}
