import type { BlobId, BlobType, PackedBlob } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';

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
