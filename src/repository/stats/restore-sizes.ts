import type { BlobId } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import { asCount } from '../format/go-text.ts';
import type { TreeEntry } from '../format/tree-entry.ts';
import type { Repository } from '../repository.ts';
import { type EntriesOptions, EntriesReader } from '../tree-entries.ts';

/** What is below a directory, but for the sizes of files that have several names. */
interface Below {
  files: number;
  bytes: number;
}

const known = 1;
/** Something below has several names: it is looked at again in each snapshot. */
const linked = 2;

/** Counts what snapshots would write. Each directory is read once, but for those with files of several names. */
export class RestoreSizes {
  readonly #index: BlobIndex;
  readonly #reader: EntriesReader;
  /** By the slot of a directory. */
  readonly #state: Uint8Array;
  readonly #files: Float64Array;
  readonly #bytes: Float64Array;
  /** Files with several names that the snapshot had so far. */
  #seen = new Set<string>();
  #linkedBytes = 0;

  constructor(repository: Repository, index: BlobIndex, options: EntriesOptions) {
    this.#index = index;
    this.#reader = new EntriesReader(repository, options);
    this.#state = new Uint8Array(index.size);
    this.#files = new Float64Array(index.size);
    this.#bytes = new Float64Array(index.size);
  }

  async count(trees: readonly BlobId[]): Promise<Below> {
    const sum = { files: 0, bytes: 0 };
    for (const tree of trees) {
      this.#seen = new Set();
      this.#linkedBytes = 0;
      const { files, bytes } = await this.#below(tree, '');
      sum.files += files;
      sum.bytes += bytes + this.#linkedBytes;
    }
    return sum;
  }

  async #below(tree: BlobId, path: string): Promise<Below> {
    const slot = this.#index.findHex('tree', tree);
    if (this.#state[slot] === known) return { files: this.#files[slot] ?? 0, bytes: this.#bytes[slot] ?? 0 };
    const sum = { files: 0, bytes: 0 };
    let hasLinks = false;
    for (const entry of await this.#reader.read(tree, path)) {
      sum.files++;
      if (entry.subtree !== undefined) {
        const below = await this.#below(entry.subtree, `${path}/${entry.name}`);
        sum.files += below.files;
        sum.bytes += below.bytes;
        hasLinks ||= this.#state[this.#index.findHex('tree', entry.subtree)] === linked;
      } else if (isAlone(entry)) sum.bytes += sizeOf(entry);
      else {
        hasLinks = true;
        this.#take(entry);
      }
    }
    this.#keep(slot, sum, hasLinks);
    return sum;
  }

  /** Also of what cannot be read nothing is kept: it is told for each snapshot. */
  #keep(slot: number, { files, bytes }: Below, hasLinks: boolean): void {
    this.#state[slot] = hasLinks ? linked : known;
    this.#files[slot] = files;
    this.#bytes[slot] = bytes;
  }

  #take(entry: TreeEntry): void {
    const { inode, device_id: device } = entry.json;
    const key = `${String(device)} ${String(inode)}`;
    if (inode !== undefined && this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#linkedBytes += sizeOf(entry);
  }
}

/** Whether it has no other name. */
function isAlone({ type, json }: TreeEntry): boolean {
  return type === 'dir' || json['links'] === 1;
}

function sizeOf({ json }: TreeEntry): number {
  return asCount(json['size']) ?? 0;
}
