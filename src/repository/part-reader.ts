import { type Bytes, HoldfastError, isHoldfastError } from '../base/index.ts';
import { type BlobId, maxDataBlobBytes } from './format/blob.ts';
import type { BlobIndex } from './format/blob-index.ts';
import type { TreeNode } from './format/tree-node.ts';
import type { Repository } from './repository.ts';
import { ByteBudget } from './restore/content-reader.ts';

/** Plaintexts kept, and those that are being read: what is asked for next is mostly beside what was asked for last. */
const keptBytes = 64 * 1024 * 1024;
const readingBytes = 64 * 1024 * 1024;
/** So much is read ahead of whoever reads a file from its beginning on. */
const aheadBytes = 8 * 1024 * 1024;
/** So long the index is believed before damage makes anybody read it again. */
const indexMs = 60_000;

/** Where each blob of a file begins in it; the last number is where the file ends. */
interface Layout {
  readonly starts: Float64Array;
  /** The blob that is asked for next when the file is read in its order. */
  next: number;
}

/**
 * Reads parts of files, in any order and many at once. What is read is checked blob by blob, and kept for a while: memory is
 * bounded whatever is asked for.
 */
export class PartReader {
  readonly #repository: Repository;
  readonly #signal: AbortSignal;
  #index: BlobIndex;
  #indexedMs: number;
  #reloading: Promise<void> | undefined;
  /** By the list of blobs, which lives as long as the directory that it was read from. */
  #layouts = new WeakMap<readonly BlobId[], Layout>();
  /** What was asked for last stands last. */
  readonly #kept = new Map<BlobId, Bytes>();
  #keptSize = 0;
  readonly #reading = new Map<BlobId, Promise<Bytes>>();
  readonly #budget = new ByteBudget(readingBytes);

  private constructor(repository: Repository, index: BlobIndex, signal: AbortSignal) {
    this.#repository = repository;
    this.#signal = signal;
    this.#index = index;
    this.#indexedMs = repository.clock.now();
  }

  /** Reads the index of a repository, and begins with nothing kept. */
  static async open(repository: Repository, signal: AbortSignal): Promise<PartReader> {
    return new PartReader(repository, await repository.loadIndex({ signal }), signal);
  }

  /** Reads the index again, which others have added to since. */
  async reload(): Promise<void> {
    this.#reloading ??= this.#reload().finally(() => (this.#reloading = undefined));
    await this.#reloading;
  }

  /** How many bytes a file has: those of its content, or what was noted of it where a blob is in no index. */
  sizeOf(node: TreeNode): number {
    const { content } = node;
    if (content === undefined || content.length === 0) return content === undefined ? node.size : 0;
    return this.#layoutOf(content)?.starts[content.length] ?? node.size;
  }

  /**
   * The bytes of a file from `offset` on, in pieces; fewer than `length` only at its end.
   * @throws HoldfastError `repository_damaged` naming what cannot be read
   */
  async read(node: TreeNode, offset: number, length: number): Promise<Bytes[]> {
    try {
      return await this.#readPieces(node, offset, length);
    } catch (error) {
      // Others may have moved what is in packs that are gone now.
      const isOld = Math.abs(this.#repository.clock.now() - this.#indexedMs) >= indexMs;
      if (!isHoldfastError(error, 'repository_damaged') || !isOld) throw error;
      await this.reload();
      return await this.#readPieces(node, offset, length);
    }
  }

  async #reload(): Promise<void> {
    this.#index = await this.#repository.loadIndex({ signal: this.#signal });
    this.#indexedMs = this.#repository.clock.now();
    this.#layouts = new WeakMap();
  }

  async #readPieces({ content = [] }: TreeNode, offset: number, length: number): Promise<Bytes[]> {
    const layout = this.#layoutOf(content);
    if (layout === undefined) throw this.#lost(content);
    const { starts } = layout;
    const end = Math.min(offset + length, starts[content.length] ?? 0);
    if (end <= offset) return [];
    const first = blobAt(starts, offset);
    const last = blobAt(starts, end - 1);
    const isInOrder = first === layout.next || first === layout.next - 1;
    const wanted = content.slice(first, last + 1).map((id) => this.#blob(id, content.length === 1));
    layout.next = last + 1;
    if (isInOrder) this.#readAhead(content, starts, last + 1);
    const blobs = await Promise.all(wanted);
    return blobs.map((bytes, at) => {
      const start = starts[first + at] ?? 0;
      return bytes.subarray(Math.max(0, offset - start), Math.min(bytes.length, end - start));
    });
  }

  #readAhead(content: readonly BlobId[], starts: Float64Array, from: number): void {
    const most = (starts[from] ?? 0) + aheadBytes;
    for (let at = from; at < content.length && (starts[at + 1] ?? 0) <= most; at++) {
      // Whoever asks for it is told of what is wrong with it.
      this.#blob(content[at] as BlobId, false).catch(() => {});
    }
  }

  #blob(id: BlobId, isNear: boolean): Promise<Bytes> {
    const kept = this.#kept.get(id);
    if (kept !== undefined) {
      // It is the last to go again.
      this.#kept.delete(id);
      this.#kept.set(id, kept);
      return Promise.resolve(kept);
    }
    const known = this.#reading.get(id);
    if (known !== undefined) return known;
    const reading = this.#readBlob(id, isNear).finally(() => this.#reading.delete(id));
    this.#reading.set(id, reading);
    return reading;
  }

  async #readBlob(id: BlobId, isNear: boolean): Promise<Bytes> {
    const options = { signal: this.#signal, isNear };
    const bytes = await this.#budget.hold(this.#sizeOfBlob(id) ?? 0, () =>
      this.#repository.readBlob('data', id, options),
    );
    this.#kept.set(id, bytes);
    this.#keptSize += bytes.length;
    for (const [oldest, { length }] of this.#kept) {
      if (this.#keptSize <= keptBytes) break;
      this.#kept.delete(oldest);
      this.#keptSize -= length;
    }
    return bytes;
  }

  #layoutOf(content: readonly BlobId[]): Layout | undefined {
    const known = this.#layouts.get(content);
    if (known !== undefined) return known;
    const starts = new Float64Array(content.length + 1);
    for (const [at, id] of content.entries()) {
      const size = this.#sizeOfBlob(id);
      if (size === undefined) return undefined;
      starts[at + 1] = (starts[at] ?? 0) + size;
    }
    const layout = { starts, next: 0 };
    this.#layouts.set(content, layout);
    return layout;
  }

  #sizeOfBlob(id: BlobId): number | undefined {
    const slot = this.#index.findHex('data', id);
    const size = slot < 0 ? -1 : this.#index.plainLengthAt(slot);
    return size >= 0 && size <= maxDataBlobBytes ? size : undefined;
  }

  #lost(content: readonly BlobId[]): HoldfastError {
    const id = content.find((each) => this.#sizeOfBlob(each) === undefined);
    return new HoldfastError('repository_damaged', `data blob ${id} is in no pack that the index knows`);
  }
}

/** Which blob has the byte at `offset`. */
function blobAt(starts: Float64Array, offset: number): number {
  let low = 0;
  for (let high = starts.length - 1; high - low > 1; ) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low;
}
