import { type Bytes, forEachLimited, isHoldfastError } from '../../base/index.ts';
import type { ObjectId, ObjectInfo } from '../../storage/index.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import { packEntrySize, packOverhead } from '../format/pack-header.ts';
import type { Repository } from '../repository.ts';
import type { CheckReport, DamagedPacks, LostBlobs } from './check-report.ts';
import { PackInspector } from './pack-inspector.ts';

/**
 * Compares the packs that are stored with those that the index names: each is there, and as large as its blobs and
 * their header. Blobs of packs that are missing or end before them are lost.
 *
 * @returns the packs that are both stored and in the index
 */
export function checkPackSizes(
  index: BlobIndex,
  stored: readonly ObjectInfo[],
  { lost, damaged, report }: { lost: LostBlobs; damaged: DamagedPacks; report: CheckReport },
): ObjectInfo[] {
  const sizes = new Map<ObjectId, number>(stored.map((info) => [info.name, info.size]));
  const expected = expectedSizes(index);
  markLost(index, sizes, lost);
  for (let number = 0; number < index.packCount; number++) {
    const pack = index.packAt(number);
    const size = sizes.get(pack);
    if (size === undefined) damaged.add(pack, `pack ${pack} is missing`);
    else if (size !== expected.bytes[number]) {
      damaged.add(
        pack,
        `pack ${pack} has ${size} bytes, its blobs and header need ${expected.bytes[number]}`,
      );
    }
    if (expected.trees[number] && expected.data[number]) {
      report.hint('pack', pack, `pack ${pack} holds both directories and file contents`);
    }
  }
  return stored.filter(({ name }) => {
    if (!index.hasPack(name)) report.unlisted(name);
    return index.hasPack(name);
  });
}

/** For each pack the size that follows from its blobs, and which types of blobs it has. */
function expectedSizes(index: BlobIndex): { bytes: Float64Array; trees: Uint8Array; data: Uint8Array } {
  const bytes = new Float64Array(index.packCount).fill(packOverhead);
  const trees = new Uint8Array(index.packCount);
  const data = new Uint8Array(index.packCount);
  for (let slot = 0; slot < index.size; slot++) {
    const number = index.packNumberAt(slot);
    const blob = index.locationAt(slot);
    bytes[number] = (bytes[number] ?? 0) + blob.length + packEntrySize(blob);
    (blob.type === 'tree' ? trees : data)[number] = 1;
  }
  return { bytes, trees, data };
}

function markLost(index: BlobIndex, sizes: ReadonlyMap<ObjectId, number>, lost: LostBlobs): void {
  for (let slot = 0; slot < index.size; slot++) {
    const { pack, offset, length } = index.locationAt(slot);
    if (offset + length > (sizes.get(pack) ?? 0)) lost.mark(slot);
  }
}

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
