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

/** Slots of an index by pack: `slots[starts[n]]` up to `slots[starts[n + 1] - 1]` are those of pack n, by offset. */
export interface SlotsByPack {
  readonly slots: Uint32Array;
  readonly starts: Uint32Array;
}

/** What is asked of each slot. */
export interface SlotPlaces {
  readonly size: number;
  readonly packCount: number;
  packNumberAt(slot: number): number;
  offsetAt(slot: number): number;
}

/** Groups the slots of an index by pack (a counting sort), and those of each pack by offset. */
export function groupByPack(places: SlotPlaces): SlotsByPack {
  const { size, packCount } = places;
  const starts = new Uint32Array(packCount + 1);
  for (let slot = 0; slot < size; slot++) increase(starts, places.packNumberAt(slot) + 1, 1);
  for (let number = 0; number < packCount; number++) increase(starts, number + 1, starts[number] ?? 0);
  const next = starts.slice();
  const slots = new Uint32Array(size);
  for (let slot = 0; slot < size; slot++) {
    const number = places.packNumberAt(slot);
    slots[next[number] ?? 0] = slot;
    increase(next, number, 1);
  }
  for (let number = 0; number < packCount; number++) {
    slots
      .subarray(starts[number], starts[number + 1])
      .sort((a, b) => places.offsetAt(a) - places.offsetAt(b));
  }
  return { slots, starts };
}

function increase(counts: Uint32Array, at: number, by: number): void {
  counts[at] = (counts[at] ?? 0) + by;
}
