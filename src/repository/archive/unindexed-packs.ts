import { forEachLimited, isHoldfastError } from '../../base/index.ts';
import type { PackContents } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import { readPackHeader } from '../format/pack-header.ts';
import type { Repository } from '../repository.ts';

const concurrentReads = 8;

/**
 * Packs that are stored but in no index, as a run leaves them that was interrupted between the two: what has arrived need
 * not be uploaded again. Those whose header cannot be read are left alone.
 */
export async function findUnindexedPacks(
  repository: Repository,
  index: BlobIndex,
  signal: AbortSignal,
): Promise<PackContents[]> {
  const { store, cipher } = repository;
  const packs = (await store.list('data', { signal })).filter((pack) => !index.hasPack(pack.name));
  const found: PackContents[] = [];
  await forEachLimited(packs, concurrentReads, async (pack) => {
    try {
      found.push({ id: pack.name, blobs: await readPackHeader(store, cipher, pack, { signal }) });
    } catch (error) {
      if (!isHoldfastError(error, 'repository_damaged', 'object_not_found')) throw error;
    }
  });
  return found;
}
