import type { ObjectId } from '../../storage/index.ts';

/** The packs of an index, numbered from 0 in the order in which they were first seen. */
export class PackList {
  readonly #names: ObjectId[] = [];
  readonly #ends: number[] = [];
  readonly #headers: number[] = [];
  readonly #numbers = new Map<ObjectId, number>();

  get count(): number {
    return this.#names.length;
  }

  /** The number of a pack, or -1. */
  find(name: ObjectId): number {
    return this.#numbers.get(name) ?? -1;
  }

  /** The number of a pack, a new one when it is new. */
  take(name: ObjectId): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const number = this.#names.push(name) - 1;
    this.#ends.push(0);
    this.#headers.push(0);
    this.#numbers.set(name, number);
    return number;
  }

  /** The name of pack `number`; a `TypeError` when there is none. */
  nameAt(number: number): ObjectId {
    const name = this.#names[number];
    if (name === undefined) throw new TypeError(`no pack ${number}`);
    return name;
  }

  /** Where the last blob of pack `number` ends. */
  endAt(number: number): number {
    return this.#ends[number] ?? 0;
  }

  /** What the entries of the blobs of pack `number` take in its header. */
  headerAt(number: number): number {
    return this.#headers[number] ?? 0;
  }

  /** Notes a blob of pack `number`: where it ends, and what its entry in the header takes. */
  extend(number: number, end: number, entry: number): void {
    this.#ends[number] = Math.max(end, this.endAt(number));
    this.#headers[number] = this.headerAt(number) + entry;
  }
}
