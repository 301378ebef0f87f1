import { forEachLimited, isHoldfastError } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import type { PackContents, PackedBlob } from '../format/blob.ts';
import type { Repository } from '../repository.ts';
import { parseIndexFile } from '../unpacked-store.ts';

/** An index file is written for so many blobs at a time, as by backups; what has a tenth of it is put together with others. */
const fullBlobs = 50_000;
const smallBlobs = 5_000;

/** What new index files are about. */
interface Changes {
  /** Packs that no index file lists any more. */
  readonly gone: ReadonlySet<ObjectId>;
  /** Packs that several files list: one does in the end. */
  readonly repeated: ReadonlySet<ObjectId>;
}

/**
 * Puts new index files in the place of those that list packs which go or which others list too, and of small ones: first all that
 * stays is in new ones, then the old ones are removed. At every moment what is stored is listed.
 */
export async function rewriteIndex(
  repository: Repository,
  { gone, repeated }: Changes,
  signal: AbortSignal,
): Promise<void> {
  const writer = new MergedIndex(repository, repeated, signal);
  const replaced: ObjectId[] = [];
  for (const { name } of await repository.files.list('index', { signal })) {
    const packs = parseIndexFile(await repository.files.load('index', name, { signal }), `index ${name}`);
    const blobs = packs.reduce((sum, pack) => sum + pack.blobs.length, 0);
    if (blobs >= smallBlobs && !packs.some(({ id }) => gone.has(id) || repeated.has(id))) continue;
    replaced.push(name);
    for (const pack of packs) if (!gone.has(pack.id)) await writer.add(pack);
  }
  await writer.save();
  await forEachLimited(replaced, 8, async (name) => repository.files.remove('index', name, { signal }));
}

class MergedIndex {
  readonly #repository: Repository;
  readonly #repeated: ReadonlySet<ObjectId>;
  readonly #signal: AbortSignal;
  /** Blobs of repeated packs that were added, by pack and offset. */
  readonly #seen = new Set<string>();
  #packs = new Map<ObjectId, PackContents>();
  #blobs = 0;

  constructor(repository: Repository, repeated: ReadonlySet<ObjectId>, signal: AbortSignal) {
    this.#repository = repository;
    this.#repeated = repeated;
    this.#signal = signal;
  }

  async add(pack: PackContents): Promise<void> {
    const blobs = this.#repeated.has(pack.id) ? this.#unseen(pack) : pack.blobs;
    if (blobs.length === 0) return;
    const { blobs: known = [] } = this.#packs.get(pack.id) ?? {};
    this.#packs.set(pack.id, { id: pack.id, blobs: [...known, ...blobs] });
    this.#blobs += blobs.length;
    if (this.#blobs >= fullBlobs) await this.save();
  }

  /** Writes what is left, if anything. */
  async save(): Promise<void> {
    if (this.#packs.size === 0) return;
    await this.#repository.saveIndex(this.#packs.values(), { signal: this.#signal });
    this.#packs = new Map();
    this.#blobs = 0;
  }

  /** Two files may each list some of the blobs of a pack. */
  #unseen({ id, blobs }: PackContents): PackedBlob[] {
    const added = blobs.filter(({ offset }) => !this.#seen.has(`${id} ${offset}`));
    for (const { offset } of added) this.#seen.add(`${id} ${offset}`);
    return added;
  }
}

/** Removes files one beside the other; how many the storage did not let go this time. */
export async function removePacks(
  { store }: Repository,
  names: readonly ObjectId[],
  signal: AbortSignal,
): Promise<number> {
  let kept = 0;
  await forEachLimited(names, 8, async (name) => {
    try {
      await store.remove({ type: 'data', name }, { signal });
    } catch (error) {
      if (!isHoldfastError(error, 'storage_failed')) throw error;
      kept++;
    }
  });
  return kept;
}
