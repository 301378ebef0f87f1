import type { ObjectId } from '../../storage/index.ts';

/** The packs of an index, numbered from 0 in the order in which they were first seen. */
export class PackList {
  readonly #names: ObjectId[] = [];
  readonly #ends: number[] = [];
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

  /** Notes that a blob of pack `number` ends there. */
  extend(number: number, end: number): void {
    this.#ends[number] = Math.max(end, this.endAt(number));
  }
}
