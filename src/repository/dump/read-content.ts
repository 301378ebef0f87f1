import { type Bytes, HoldfastError } from '../../base/index.ts';
import { type BlobId, maxDataBlobBytes } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { Repository } from '../repository.ts';

/** Blobs that are read ahead of the one that is given, at most 8 MiB each as all programs cut them. */
const readAhead = 4;

/** The content of a file in its order, a blob at a time, the next ones being read meanwhile. @throws HoldfastError `repository_damaged` */
export async function* readContentInOrder(
  repository: Repository,
  content: readonly BlobId[],
  signal: AbortSignal,
): AsyncGenerator<Bytes, void, undefined> {
  const isSmall = content.length === 1;
  const reading: Promise<Bytes>[] = [];
  try {
    for (let next = 0; next < content.length || reading.length > 0; ) {
      for (let id = content[next]; id !== undefined && reading.length < readAhead; id = content[++next]) {
        const read = repository.readBlob('data', id, { signal, isNear: isSmall });
        // It is awaited in its turn.
        read.catch(() => {});
        reading.push(read);
      }
      yield (await reading.shift()) ?? Buffer.alloc(0);
    }
  } finally {
    await Promise.allSettled(reading);
  }
}

/** How many bytes content has, by the index. @throws HoldfastError `repository_damaged`, naming the blob, when one is not there */
export function contentSize(index: BlobIndex, content: readonly BlobId[]): number {
  return content.reduce((sum, id) => sum + blobSize(index, id), 0);
}

function blobSize(index: BlobIndex, id: BlobId): number {
  const slot = index.findHex('data', id);
  const size = slot < 0 ? -1 : index.plainLengthAt(slot);
  if (size >= 0 && size <= maxDataBlobBytes) return size;
  throw new HoldfastError('repository_damaged', `data blob ${id} is in no pack that the index knows`);
}
