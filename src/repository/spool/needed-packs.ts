import type { ObjectId } from '../../storage/index.ts';
import type { BlobId, BlobType } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import { parseTree } from '../format/tree.ts';
import type { Repository } from '../repository.ts';

/** What is searched. */
interface NeedsOptions {
  /** What the packs of the spool hold. */
  readonly index: BlobIndex;
  /** Whether a blob is elsewhere, and with a tree all that is in it. */
  readonly isElsewhere: (type: BlobType, id: BlobId) => boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What snapshots need of a spool. */
interface Needs {
  readonly packs: ReadonlySet<ObjectId>;
  /** Blobs that are nowhere. */
  readonly missing: number;
}

/** The packs of a spool that `trees`, with all that is in them, need beside what is elsewhere. */
export async function neededPacks(
  spool: Repository,
  trees: readonly BlobId[],
  { index, isElsewhere, signal }: NeedsOptions,
): Promise<Needs> {
  const packs = new Set<ObjectId>();
  const seen = new Set<BlobId>();
  const open = [...trees];
  let missing = 0;
  const take = (type: BlobType, id: BlobId): boolean => {
    if (isElsewhere(type, id)) return false;
    const [place] = index.locate(type, id);
    if (place === undefined) missing++;
    else packs.add(place.pack);
    return place !== undefined;
  };
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    if (!take('tree', id)) continue;
    const { nodes } = parseTree(await spool.readBlob('tree', id, { ...(signal && { signal }) }), id);
    for (const { content = [], subtree } of nodes) {
      for (const blob of content) take('data', blob);
      if (subtree !== undefined) open.push(subtree);
    }
  }
  return { packs, missing };
}
