import type { BlobId, BlobType } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';

/** Which of the blobs that the index names are not really there: one bit of knowledge for each of its slots. */
export class LostBlobs {
  readonly #index: BlobIndex;
  readonly #lost: Uint8Array;

  constructor(index: BlobIndex) {
    this.#index = index;
    this.#lost = new Uint8Array(index.size);
  }

  /** Marks the copy of a blob at this slot. */
  mark(slot: number): void {
    this.#lost[slot] = 1;
  }

  /** Whether the copy at this slot was marked. */
  isMarked(slot: number): boolean {
    return this.#lost[slot] === 1;
  }

  /** Whether no copy of the blob is left. */
  isLost(type: BlobType, id: BlobId): boolean {
    const first = this.#index.findHex(type, id);
    // Nearly always there is one copy, and it is whole.
    if (first === -1) return true;
    return this.isMarked(first) && this.#index.slotsOf(type, id).every((slot) => this.isMarked(slot));
  }
}
