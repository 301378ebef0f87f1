import { type Bytes, forEachLimited, isHoldfastError } from '../../base/index.ts';
import type { ObjectInfo } from '../../storage/index.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { Repository } from '../repository.ts';
import type { DamagedPacks } from './damaged-packs.ts';
import type { LostBlobs } from './lost-blobs.ts';
import { PackInspector } from './pack-inspector.ts';

const concurrentPacks = 3;

/** Reads every byte of the packs. What is wrong with one is reported and its lost blobs are marked; then comes the next. */
export async function checkPackData(
  repository: Repository,
  checked: { readonly index: BlobIndex; readonly packs: readonly ObjectInfo[]; readonly lost: LostBlobs },
  damaged: DamagedPacks,
  options: { readonly signal?: AbortSignal; readonly onPack: (pack: ObjectInfo) => void },
): Promise<void> {
  const { index, packs, lost } = checked;
  const { signal, onPack } = options;
  const { slots, starts } = index.slotsByPack();
  await forEachLimited(packs, concurrentPacks, async (pack) => {
    const number = index.packNumber(pack.name);
    const own = slots.subarray(starts[number], starts[number + 1]);
    const expected = Array.from(own, (slot) => index.locationAt(slot));
    try {
      const inspector = new PackInspector(repository.cipher, pack, expected);
      const stream = await repository.store.stream(
        { type: 'data', name: pack.name },
        signal ? { signal } : {},
      );
      for await (const chunk of stream) inspector.push(chunk as Bytes);
      const { problems, lost: lostHere } = inspector.finish();
      for (const blob of lostHere) lost.mark(own[blob] ?? 0);
      for (const problem of problems) damaged.add(pack.name, problem);
    } catch (error) {
      // One file that cannot be read says nothing about the others; a lost connection does.
      if (!isHoldfastError(error, 'object_not_found', 'object_corrupt', 'storage_failed')) throw error;
      for (const slot of own) lost.mark(slot);
      damaged.add(pack.name, `pack ${pack.name} cannot be read: ${error.message}`);
    }
    onPack(pack);
  });
}
