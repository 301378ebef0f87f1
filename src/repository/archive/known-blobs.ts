import type { Bytes } from '../../base/index.ts';
import type { ObjectId, ObjectInfo } from '../../storage/index.ts';
import type { BlobId, BlobType, PackedBlob } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { Repository } from '../repository.ts';

const idWords = 8;
const slotWords = idWords + 1;
const free = 0;
const claiming = 1;
const present = 2;

/**
 * A set of blob ids that several threads add to at once, in shared memory of a fixed size: open addressing on whole
 * ids. Who adds an id first owns the blob: exactly one `claim` of it is answered with true.
 */
export class KnownBlobs {
  readonly table: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #mask: number;
  /** The id in question, as words. */
  readonly #id = new Int32Array(idWords);
  readonly #idBytes = new Uint8Array(this.#id.buffer);

  /** Over a table that another thread made with {@link KnownBlobs.withRoomFor}. */
  constructor(table: SharedArrayBuffer) {
    this.table = table;
    this.#words = new Int32Array(table);
    this.#mask = this.#words.length / slotWords - 1;
  }

  /** An empty set that can take `count` ids and stays at most half full. */
  static withRoomFor(count: number): KnownBlobs {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(1, count) * 2));
    return new KnownBlobs(new SharedArrayBuffer(slots * slotWords * 4));
  }

  /** How many ids it should hold at most. */
  get capacity(): number {
    return (this.#mask + 1) / 2;
  }

  /** Adds the id at `at` in `ids`; whether it was not there. A `TypeError` for a set that has no room left. */
  claim(ids: Bytes, at = 0): boolean {
    this.#idBytes.set(ids.subarray(at, at + 32));
    const first = (this.#id[0] ?? 0) & this.#mask;
    for (let step = 0; step <= this.#mask; step++) {
      const slot = (first + step) & this.#mask;
      const word = slot * slotWords;
      const found = Atomics.compareExchange(this.#words, word, free, claiming);
      if (found === free) {
        this.#words.set(this.#id, word + 1);
        Atomics.store(this.#words, word, present);
        return true;
      }
      // Whoever claims is between two instructions; it will be present in a moment.
      while (Atomics.load(this.#words, word) === claiming);
      if (this.#holds(word + 1)) return false;
    }
    throw new TypeError(`a set of known blobs is full with ${this.#mask + 1}`);
  }

  /** Adds everything that `other` holds; nobody may be adding to it. */
  addAll(other: KnownBlobs): void {
    const bytes = new Uint8Array(other.table);
    for (let word = 0; word < other.#words.length; word += slotWords) {
      if (other.#words[word] === present) this.claim(bytes, (word + 1) * 4);
    }
  }

  #holds(word: number): boolean {
    for (let i = 0; i < idWords; i++) if (this.#words[word + i] !== this.#id[i]) return false;
    return true;
  }
}

/** What a backup need not store again, and the packs that are there. */
export interface StoredIndex {
  readonly index: BlobIndex;
  /** Without those that are cut short or known to be damaged. */
  readonly packs: readonly ObjectInfo[];
  /** What index files name and no pack has. */
  readonly lost: LostContent;
}

interface StoredIndexOptions {
  readonly signal: AbortSignal;
  readonly damaged?: readonly ObjectId[];
  /** Whether nobody tells what is stored, beside what indexes name. */
  readonly isOffline?: boolean;
}

/**
 * What the readable index files list and what is stored, both: packs may be lost that indexes still name, as where a server
 * was set back, or be shorter than an index says, or be among the `damaged` ones that a check has found. What was in those is
 * stored again.
 */
export async function loadStoredIndex(
  repository: Repository,
  { damaged = [], isOffline = false, ...cancel }: StoredIndexOptions,
): Promise<StoredIndex> {
  if (isOffline) {
    const { index } = await repository.loadListedIndex(cancel);
    return { index, packs: await repository.store.list('data', cancel), lost: LostContent.none };
  }
  const listing = Promise.withResolvers<readonly ObjectInfo[]>();
  const [{ index }, all] = await Promise.all([
    // Packs are listed after the indexes, for whatever those name was stored before them, and while they are read.
    repository.loadListedIndex({
      ...cancel,
      onListed: () => listing.resolve(repository.store.list('data', cancel)),
    }),
    listing.promise,
  ]);
  const isDamaged = new Set(damaged);
  const packs = all.filter(({ name, size }) => !isDamaged.has(name) && size >= leastSize(index, name));
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
