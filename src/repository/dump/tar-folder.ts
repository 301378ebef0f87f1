import type { Bytes } from '../../base/index.ts';
import { pathText } from '../../files/index.ts';
import type { BlobId } from '../format/blob.ts';
import type { Repository } from '../repository.ts';
import { type ArchivingOptions, folderEntries } from './folder-entries.ts';
import { encodeTarHeader, tarEnd, tarPadding } from './tar-header.ts';

/**
 * A folder of a snapshot as a tar archive, in pieces as they come. Sockets are left out, and told.
 * @throws HoldfastError `repository_damaged` when a file of several blobs turns out to be damaged behind its beginning
 */
export async function* tarFolder(
  repository: Repository,
  tree: BlobId,
  folder: Bytes,
  { onSkipped, ...options }: ArchivingOptions,
): AsyncGenerator<Bytes, void, undefined> {
  for await (const { content, ...entry } of folderEntries(repository, tree, folder, options)) {
    if (entry.node.type === 'socket') {
      onSkipped(`/${pathText(entry.path)}`, 'socket');
      continue;
    }
    yield encodeTarHeader(entry);
    if (entry.size === 0) continue;
    yield* content;
    yield tarPadding(entry.size);
  }
  yield tarEnd;
}
