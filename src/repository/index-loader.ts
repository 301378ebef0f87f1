import { forEachLimited, HoldfastError, isHoldfastError } from '../base/index.ts';
import type { ObjectId } from '../storage/index.ts';
import type { PackContents } from './format/blob.ts';
import { BlobIndex } from './format/blob-index.ts';
import { parseIndexFile } from './format/index-file.ts';
import type { UnpackedStore } from './unpacked-store.ts';

const concurrentReads = 4;

/** What to do with an index file, or with one that cannot be read. */
export interface IndexVisitor {
  readonly onIndex: (name: ObjectId, packs: readonly PackContents[]) => void;
  readonly onDamaged: (name: ObjectId, error: HoldfastError) => void;
}

/** Reads every index file and shows each to the visitor, a few at a time and in no particular order. */
export async function visitIndexFiles(
  files: UnpackedStore,
  visitor: IndexVisitor,
  options: { signal?: AbortSignal } = {},
): Promise<void> {
  await forEachLimited(await files.list('index', options), concurrentReads, async ({ name }) => {
    try {
      const json = await files.load('index', name, options);
      visitor.onIndex(name, parseIndexFile(json, `index ${name}`));
    } catch (error) {
      // A file that is gone was replaced by another while we read, or is missing and so is what it said.
      if (!isHoldfastError(error, 'repository_damaged', 'object_not_found', 'object_corrupt')) throw error;
      visitor.onDamaged(name, error);
    }
  });
}

/** Everything that the index files say. `repository_damaged` names those that cannot be read. */
export async function loadIndex(
  files: UnpackedStore,
  options: { signal?: AbortSignal } = {},
): Promise<BlobIndex> {
  const index = new BlobIndex();
  const damaged: HoldfastError[] = [];
  let readable = 0;
  const onIndex = (_name: ObjectId, packs: readonly PackContents[]): void => {
    readable++;
    for (const pack of packs) index.add(pack);
  };
  await visitIndexFiles(files, { onIndex, onDamaged: (_name, error) => damaged.push(error) }, options);
  if (damaged.length === 0) return index;
  const messages = damaged.map((error) => error.message).join('; ');
  const rest = `${readable} other index files are readable and know ${index.packCount} packs`;
  throw new HoldfastError('repository_damaged', `${messages}; ${rest}`, {
    hint: 'holdfast check names everything that is affected; restic repair index builds it again from the packs',
    cause: damaged[0],
  });
}
