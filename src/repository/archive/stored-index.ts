import type { ObjectId, ObjectInfo } from '../../storage/index.ts';
import type { BlobId, BlobType, PackedBlob } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { Repository } from '../repository.ts';

/** What a backup need not store again, and the packs that are there. */
export interface StoredIndex {
  readonly index: BlobIndex;
  /** Without those that are cut short or known to be damaged. */
  readonly packs: readonly ObjectInfo[];
  /** What index files name and no pack has. */
  readonly lost: LostContent;
}

/**
 * What the readable index files list and what is stored, both: packs may be lost that indexes still name, as where a server
 * was set back, or be shorter than an index says, or be among the `damaged` ones that a check has found. What was in those is
 * stored again.
 */
export async function loadStoredIndex(
  repository: Repository,
  { damaged = [], ...cancel }: { readonly signal: AbortSignal; readonly damaged?: readonly ObjectId[] },
): Promise<StoredIndex> {
  const { index } = await repository.loadListedIndex(cancel);
  const isDamaged = new Set(damaged);
  // After the indexes: whatever they name was stored before them.
  const packs = (await repository.store.list('data', cancel)).filter(
    ({ name, size }) => !isDamaged.has(name) && size >= leastSize(index, name),
  );
  const listed = packs.filter(({ name }) => index.hasPack(name)).length;
  if (listed === index.packCount) return { index, packs, lost: LostContent.none };
  const stored = new Set(packs.map(({ name }) => name));
  const rest = await repository.loadListedIndex({ ...cancel, isStored: ({ id }) => stored.has(id) });
  return { index: rest.index, packs, lost: LostContent.between(index, rest.index) };
}

/** Of a pack that no index names nothing is expected. */
function leastSize(index: BlobIndex, pack: ObjectId): number {
  return index.hasPack(pack) ? index.leastPackSize(pack) : 0;
}

/** Blobs that were known and are in no whole pack any more, and how many of them have come back. */
export class LostContent {
  /** Nothing is lost. */
  static readonly none = new LostContent(new Set());
  readonly #missing: Set<string>;
  #mended = 0;

  private constructor(missing: Set<string>) {
    this.#missing = missing;
  }

  /** What all index files name and is not in `whole`. */
  static between(all: BlobIndex, whole: BlobIndex): LostContent {
    const missing = new Set<string>();
    for (let slot = 0; slot < all.size; slot++) {
      const { type, id } = all.locationAt(slot);
      if (!whole.has(type, id)) missing.add(keyOf(type, id));
    }
    return new LostContent(missing);
  }

  /** Whether there is nothing to come back. */
  get isEmpty(): boolean {
    return this.#missing.size === 0;
  }

  /** How many have come back. */
  get mended(): number {
    return this.#mended;
  }

  /** How many have not. */
  get missing(): number {
    return this.#missing.size;
  }

  /** Takes note of what a pack that was stored holds. */
  find(blobs: Iterable<Pick<PackedBlob, 'type' | 'id'>>): void {
    for (const { type, id } of blobs) if (this.#missing.delete(keyOf(type, id))) this.#mended++;
  }
}

function keyOf(type: BlobType, id: BlobId): string {
  return `${type} ${id}`;
}
