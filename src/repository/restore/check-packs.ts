import { type Bytes, forEachLimited, isHoldfastError } from '../../base/index.ts';
import type { ObjectId, ObjectInfo } from '../../storage/index.ts';
import type { PackedBlob } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { Repository } from '../repository.ts';
import { ByteBudget } from './byte-budget.ts';
import { ReaderPool } from './reader-pool.ts';

/** What reading a pack showed. */
export interface CheckedPack {
  readonly name: ObjectId;
  readonly size: number;
  /** What is wrong with it, in sentences; none when it is as it was written. */
  readonly problems: readonly string[];
}

export interface CheckPacksOptions {
  readonly index: BlobIndex;
  readonly signal?: AbortSignal;
  readonly onPack: (pack: CheckedPack) => void;
}

const heldBytes = 64 * 1024 * 1024;
const packsUnderWay = 8;

/**
 * Reads packs whole and checks each: that the file's SHA-256 is its name, that its header is sound and says what the index
 * says, and that every blob authenticates, decompresses and has its SHA-256. Packs are checked on all cores and come in no
 * particular order; one that cannot be read at all is a problem of that pack.
 *
 * @throws when the signal fires or the store is lost
 */
export async function checkPacks(
  repository: Repository,
  packs: Iterable<ObjectInfo>,
  options: CheckPacksOptions,
): Promise<void> {
  const { signal, index, onPack } = options;
  const indexed = indexedBlobs(index);
  const budget = new ByteBudget(heldBytes);
  await using pool = new ReaderPool(repository.masterKey);
  await forEachLimited(packs, packsUnderWay, async ({ name, size }) => {
    await budget.hold(size, async () => {
      signal?.throwIfAborted();
      const bytes = await readPack(repository, name, signal);
      const problems = Array.isArray(bytes)
        ? bytes
        : await pool.check({ name, bytes, indexed: indexed(name) }, signal);
      onPack({ name, size, problems });
    });
  });
}

/** The pack's bytes, or what is wrong with it. */
async function readPack(
  repository: Repository,
  name: ObjectId,
  signal: AbortSignal | undefined,
): Promise<Bytes | string[]> {
  try {
    return await repository.store.read({ type: 'data', name }, signal === undefined ? {} : { signal });
  } catch (error) {
    if (!isHoldfastError(error, 'object_not_found', 'object_corrupt', 'storage_failed')) throw error;
    return [error.message];
  }
}

/** Gives the blobs that an index has in a pack. */
function indexedBlobs(index: BlobIndex): (pack: ObjectId) => readonly PackedBlob[] {
  const { slots, starts } = index.slotsByPack();
  return (pack) => {
    const number = index.packNumber(pack);
    if (number < 0) return [];
    return Array.from(slots.subarray(starts[number], starts[number + 1]), (slot) => index.locationAt(slot));
  };
}
