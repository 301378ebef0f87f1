import type { ObjectId, ObjectInfo } from '../../storage/index.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import { packEntrySize, packOverhead } from '../format/pack-header.ts';
import type { CheckReport } from './check-report.ts';
import type { DamagedPacks } from './damaged-packs.ts';
import type { LostBlobs } from './lost-blobs.ts';

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
