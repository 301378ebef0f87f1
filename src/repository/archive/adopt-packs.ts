import { encodePackHeader } from '../format/pack-header.ts';
import type { Repository } from '../repository.ts';
import { findUnlistedPacks } from '../unpacked-store.ts';
import type { StoredIndex } from './known-blobs.ts';
import type { IndexWriter } from './pack-uploader.ts';

/** Puts into the index what a run that was interrupted has left out of it, and what only a damaged index file knew. */
export async function adoptPacks(
  repository: Repository,
  { index, packs }: Pick<StoredIndex, 'index' | 'packs'>,
  { writer, signal }: { readonly writer: IndexWriter; readonly signal: AbortSignal },
): Promise<void> {
  for (const pack of await findUnlistedPacks(repository, index, { stored: packs, signal })) {
    index.add(pack);
    await writer.add(pack.id, encodePackHeader(pack.blobs));
  }
}
