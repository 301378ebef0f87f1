import type { Bytes } from '../../base/index.ts';

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

  /** Adds the id at `at` in `ids`; whether it was not there. */
  claim(ids: Bytes, at = 0): boolean {
    this.#idBytes.set(ids.subarray(at, at + 32));
    for (let slot = (this.#id[0] ?? 0) & this.#mask; ; slot = (slot + 1) & this.#mask) {
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
