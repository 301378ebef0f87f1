import { hash } from 'node:crypto';
import { HoldfastError } from '../../base/index.ts';
import { KnownBlobs } from '../archive/known-blobs.ts';
import type { BlobId } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import { asCount } from '../format/go-text.ts';
import type { TreeEntry } from '../format/tree-entry.ts';
import type { Repository } from '../repository.ts';
import { type EntriesOptions, EntriesReader, type PathProblem } from '../tree-entries.ts';

/** What is counted of files with the same content. */
interface ContentCount {
  files: number;
  bytes: number;
  blobs: number;
}

/** Counts files by what is in them. A directory that was read is not read again: nothing in it is new. */
export class ContentCounter {
  readonly #index: BlobIndex;
  readonly #reader: EntriesReader;
  readonly #onProblem: PathProblem;
  readonly #read: Uint8Array;
  readonly #contents = new GrowingSet();
  /** Paths, and pairs of a path and a piece. */
  readonly #paths = new GrowingSet();
  readonly #sum: ContentCount = { files: 0, bytes: 0, blobs: 0 };

  constructor(repository: Repository, index: BlobIndex, options: EntriesOptions) {
    this.#index = index;
    this.#reader = new EntriesReader(repository, options);
    this.#onProblem = options.onProblem;
    this.#read = new Uint8Array(index.size);
  }

  async count(
    trees: readonly BlobId[],
    mode: 'files-by-contents' | 'blobs-per-file',
  ): Promise<{ files: number; bytes: number; blobs?: number }> {
    const take = mode === 'blobs-per-file' ? this.#takePieces : this.#takeFile;
    for (const tree of trees) await this.#walk(tree, '', take);
    const { files, bytes, blobs } = this.#sum;
    return mode === 'blobs-per-file' ? { files, bytes, blobs } : { files, bytes };
  }

  async #walk(tree: BlobId, path: string, take: (path: string, entry: TreeEntry) => void): Promise<void> {
    const slot = this.#index.findHex('tree', tree);
    if (this.#read[slot] === 1) return;
    this.#read[slot] = 1;
    for (const entry of await this.#reader.read(tree, path)) {
      const below = `${path}/${entry.name}`;
      // As restic, all that has no content is one file without any.
      if (this.#contents.claim(entry.content.join(''))) take(below, entry);
      if (entry.subtree !== undefined) await this.#walk(entry.subtree, below, take);
    }
  }

  readonly #takeFile = (_path: string, { json }: TreeEntry): void => {
    this.#sum.files++;
    this.#sum.bytes += asCount(json['size']) ?? 0;
  };

  readonly #takePieces = (path: string, { content }: TreeEntry): void => {
    if (content.length > 0 && this.#paths.claim(path)) this.#sum.files++;
    for (const id of content) {
      const slot = this.#index.findHex('data', id);
      if (slot < 0) this.#onProblem(path, lost(id));
      else if (this.#paths.claim(`${id}${path}`)) {
        this.#sum.blobs++;
        this.#sum.bytes += this.#index.plainLengthAt(slot);
      }
    }
  };
}

function lost(id: BlobId): HoldfastError {
  return new HoldfastError('repository_damaged', `data blob ${id} is in no index`);
}

const firstRoom = 2 ** 12;

/** A set of texts, of which each costs 72 to 144 bytes however long it is. */
class GrowingSet {
  #known = KnownBlobs.withRoomFor(firstRoom);
  #size = 0;

  /** Adds a text; whether it was not there. */
  claim(text: string): boolean {
    if (this.#size >= this.#known.capacity) {
      const grown = KnownBlobs.withRoomFor(this.#size * 2);
      grown.addAll(this.#known);
      this.#known = grown;
    }
    const isNew = this.#known.claim(hash('sha256', text, 'buffer'));
    if (isNew) this.#size++;
    return isNew;
  }
}
