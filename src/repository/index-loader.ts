import { forEachLimited, HoldfastError, isHoldfastError } from '../base/index.ts';
import type { ObjectId } from '../storage/index.ts';
import type { PackContents } from './format/blob.ts';
import { BlobIndex } from './format/blob-index.ts';
import { parseIndexFile } from './format/index-file.ts';
import type { UnpackedStore } from './unpacked-store.ts';

const concurrentReads = 4;

/** How the index files are read. */
export interface IndexOptions {
  readonly signal?: AbortSignal;
  /** Told of each index file that cannot be read, which is then left out; without it such a one is an error. */
  readonly onDamaged?: (name: ObjectId, error: HoldfastError) => void;
  /** Told of a pack that an earlier file lists too, and how many of its blobs that file did not list so. */
  readonly onRepeated?: (pack: ObjectId, name: ObjectId, newBlobs: number) => void;
}

/** Everything that the index files say, read a few at a time. `repository_damaged` names those that cannot be read. */
export async function loadIndex(files: UnpackedStore, options: IndexOptions = {}): Promise<BlobIndex> {
  const { signal, onDamaged, onRepeated } = options;
  const cancel = signal ? { signal } : {};
  const index = new BlobIndex();
  const damaged: HoldfastError[] = [];
  let readable = 0;
  await forEachLimited(await files.list('index', cancel), concurrentReads, async ({ name }) => {
    try {
      const packs = parseIndexFile(await files.load('index', name, cancel), `index ${name}`);
      readable++;
      for (const pack of packs) addPack(index, pack, (newBlobs) => onRepeated?.(pack.id, name, newBlobs));
    } catch (error) {
      // A file that is gone was replaced by another while we read, or is missing and so is what it said.
      if (!isHoldfastError(error, 'repository_damaged', 'object_not_found', 'object_corrupt')) throw error;
      if (onDamaged) onDamaged(name, error);
      else damaged.push(error);
    }
  });
  if (damaged.length === 0) return index;
  const messages = damaged.map((error) => error.message).join('; ');
  const rest = `${readable} other index files are readable and know ${index.packCount} packs`;
  throw new HoldfastError('repository_damaged', `${messages}; ${rest}`, {
    hint: 'holdfast check names everything that is affected; restic repair index builds it again from the packs',
    cause: damaged[0],
  });
}

function addPack(index: BlobIndex, pack: PackContents, onRepeated: (newBlobs: number) => void): void {
  const repeated = index.hasPack(pack.id);
  const newBlobs = index.add(pack);
  if (repeated) onRepeated(newBlobs);
}
