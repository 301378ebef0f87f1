import { type Bytes, freeBytes, toHex } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import type { BlobId, BlobType, PackContents, PackedBlob } from './blob.ts';
import { type BlobColumns, digitOf, type PackStretch } from './index-scanner.ts';
import {
  groupByPack,
  isCompressed,
  PackList,
  packEntrySize,
  packOverhead,
  type SlotsByPack,
} from './pack-header.ts';

/** Where a blob's encrypted unit is. */
export interface BlobLocation extends PackedBlob {
  readonly pack: ObjectId;
}

const idSize = 32;
const columns = 4;
const treeBit = 0x8000_0000;
const packMask = 0x7fff_ffff;
const none = -1;

/**
 * Where every blob of a repository is, in memory: 48 bytes for each entry and 8 to 16 for the hash table, with room to
 * grow 60 to 90 in all. Entries have numbers, called slots, from 0 in the order in which they were added.
 *
 * The table is open addressing on the first four bytes of the id, which are as good as random; the copies of one blob
 * in several packs are entries of their own.
 */
export class BlobIndex {
  #size = 0;
  #ids = Buffer.alloc(idSize * 64);
  /** For each slot: pack number with the type in the top bit, offset, length, plain length (0: not compressed). */
  #places = new Uint32Array(columns * 64);
  /** Slot + 1, or 0 where free; its length is a power of two. */
  #table = new Uint32Array(128);
  /** The raw id that is being looked for, to spare an array for each. */
  readonly #wanted = Buffer.alloc(idSize);
  readonly #packs = new PackList();

  /** How many entries there are; a blob that is in two packs counts twice. */
  get size(): number {
    return this.#size;
  }

  /** How many packs there are. */
  get packCount(): number {
    return this.#packs.count;
  }

  /** The raw ids of all entries in the order of their slots, 32 bytes each. A view that holds until the next `add`. */
  get ids(): Bytes {
    return this.#ids.subarray(0, this.#size * idSize);
  }

  /** Adds the blobs of a pack, and tells how many entries are new: what is there already is not added twice. */
  add(pack: PackContents): number {
    const sizeBefore = this.#size;
    const number = this.#packs.take(pack.id);
    for (const blob of pack.blobs) {
      const { id, type, offset, length, plainLength = 0 } = blob;
      this.#makeRoom();
      this.#ids.write(id, this.#size * idSize, 'hex');
      if (this.#addEntry(number, type === 'tree', offset, length, plainLength))
        this.#packs.extend(number, offset + length, packEntrySize(isCompressed(blob)));
    }
    return this.#size - sizeBefore;
  }

  /** The same for a pack whose blobs lie side by side. */
  addStretch({ id, start, end }: PackStretch, { ids, places }: BlobColumns): number {
    const sizeBefore = this.#size;
    const number = this.#packs.take(id);
    for (let blob = start; blob < end; blob++) {
      this.#makeRoom();
      for (let i = 0; i < idSize; i++) this.#ids[this.#size * idSize + i] = ids[blob * idSize + i] ?? 0;
      const at = blob * columns;
      const [offset, length, plainLength] = [places[at + 1] ?? 0, places[at + 2] ?? 0, places[at + 3] ?? 0];
      if (this.#addEntry(number, places[at] === 1, offset, length, plainLength))
        this.#packs.extend(number, offset + length, packEntrySize(plainLength > 0));
    }
    return this.#size - sizeBefore;
  }

  /** The slot of a blob whose raw id lies at `at` in `bytes`, or -1. */
  find(type: BlobType, bytes: Bytes, at = 0): number {
    return this.#probe(type, bytes, at, this.#home(bytes, at));
  }

  /** The slot of a blob, or -1. */
  findHex(type: BlobType, id: BlobId): number {
    this.#wanted.write(id, 0, 'hex');
    return this.find(type, this.#wanted);
  }

  /** The slot of a blob whose id stands at `at` in `text`, or -1; also when no id stands there. */
  findText(type: BlobType, text: string, at: number): number {
    const wanted = this.#wanted;
    for (let i = 0; i < idSize; i++) {
      const high = digitOf(text.charCodeAt(at + 2 * i));
      const low = digitOf(text.charCodeAt(at + 2 * i + 1));
      if (high < 0 || low < 0) return none;
      wanted[i] = high * 16 + low;
    }
    return this.find(type, wanted);
  }

  /** Whether the blob is there. */
  has(type: BlobType, id: BlobId): boolean {
    return this.findHex(type, id) !== none;
  }

  /** The slots of a blob, one for each pack that it is in. */
  slotsOf(type: BlobType, id: BlobId): number[] {
    this.#wanted.write(id, 0, 'hex');
    const found: number[] = [];
    const mask = this.#table.length - 1;
    for (let at = this.#home(this.#wanted, 0); ; at = (at + 1) & mask) {
      const slot = (this.#table[at] ?? 0) - 1;
      if (slot === none) return found;
      if (this.#matches(slot, type, this.#wanted, 0)) found.push(slot);
    }
  }

  /** Every place where the blob is. */
  locate(type: BlobType, id: BlobId): BlobLocation[] {
    return this.slotsOf(type, id).map((slot) => this.locationAt(slot));
  }

  /** Whether the entry at a slot is a directory. */
  isTree(slot: number): boolean {
    return this.#place(slot, 0) >= treeBit;
  }

  /** The number of the pack that holds the entry, as {@link packAt} takes it. */
  packNumberAt(slot: number): number {
    return this.#place(slot, 0) & packMask;
  }

  /** The plaintext's length in bytes. */
  plainLengthAt(slot: number): number {
    return this.#place(slot, 3) || this.#place(slot, 2) - 32;
  }

  /** The entry at a slot. */
  locationAt(slot: number): BlobLocation {
    const plainLength = this.#place(slot, 3);
    return {
      id: toHex(this.#ids.subarray(slot * idSize, (slot + 1) * idSize)) as BlobId,
      type: this.isTree(slot) ? 'tree' : 'data',
      pack: this.packAt(this.packNumberAt(slot)),
      offset: this.#place(slot, 1),
      length: this.#place(slot, 2),
      ...(plainLength > 0 && { plainLength }),
    };
  }

  /** Where the entry's unit begins in its pack. */
  offsetAt(slot: number): number {
    return this.#place(slot, 1);
  }

  /** How long the entry's unit is. */
  lengthAt(slot: number): number {
    return this.#place(slot, 2);
  }

  /** Whether the entry's plaintext was compressed. */
  isCompressedAt(slot: number): boolean {
    return this.#place(slot, 3) > 0;
  }

  /** The name of pack `number`; numbers go from 0 to `packCount` − 1. */
  packAt(number: number): ObjectId {
    return this.#packs.nameAt(number);
  }

  /** The number of a pack, or -1. */
  packNumber(pack: ObjectId): number {
    return this.#packs.find(pack);
  }

  /** Whether the pack was added. */
  hasPack(pack: ObjectId): boolean {
    return this.packNumber(pack) !== none;
  }

  /** Where the last blob of a pack that is known here ends; 0 for a pack that is not. */
  packEnd(pack: ObjectId): number {
    return this.#packs.endAt(this.packNumber(pack));
  }

  /** What a pack that holds the blobs which are known here measures at least. */
  leastPackSize(pack: ObjectId): number {
    return this.packEnd(pack) + this.#packs.headerAt(this.packNumber(pack)) + packOverhead;
  }

  /** All slots grouped by pack; made anew at each call, since only checking and restoring go pack by pack. */
  slotsByPack(): SlotsByPack {
    return groupByPack(this);
  }

  #makeRoom(): void {
    if ((this.#size + 1) * idSize > this.#ids.length) this.#growColumns();
  }

  /** Adds the entry whose id is in the next slot, and leaves it out again when the same is there already; whether it is new. */
  #addEntry(pack: number, isTree: boolean, offset: number, length: number, plainLength: number): boolean {
    const slot = this.#size;
    const at = slot * columns;
    this.#places[at] = pack + (isTree ? treeBit : 0);
    this.#places[at + 1] = offset;
    this.#places[at + 2] = length;
    this.#places[at + 3] = plainLength;
    if (this.#holdsSame(slot, isTree ? 'tree' : 'data')) return false;
    this.#size++;
    if (this.#size * 2 > this.#table.length) this.#growTable();
    else this.#enter(slot);
    return true;
  }

  /** Whether an earlier slot says the same as this one. */
  #holdsSame(slot: number, type: BlobType): boolean {
    const mask = this.#table.length - 1;
    for (let at = this.#home(this.#ids, slot * idSize); ; at = (at + 1) & mask) {
      const other = (this.#table[at] ?? 0) - 1;
      if (other === none) return false;
      const samePlace =
        this.#place(other, 0) === this.#place(slot, 0) && this.#place(other, 1) === this.#place(slot, 1);
      if (samePlace && this.#matches(other, type, this.#ids, slot * idSize)) return true;
    }
  }

  #growColumns(): void {
    const capacity = Math.ceil((this.#size + 64) * 1.5);
    const ids = Buffer.alloc(capacity * idSize);
    ids.set(this.#ids);
    freeBytes(this.#ids);
    this.#ids = ids;
    const places = new Uint32Array(capacity * columns);
    places.set(this.#places);
    freeBytes(new Uint8Array(this.#places.buffer));
    this.#places = places;
  }

  #growTable(): void {
    this.#table = new Uint32Array(this.#table.length * 2);
    for (let slot = 0; slot < this.#size; slot++) this.#enter(slot);
  }

  #enter(slot: number): void {
    const mask = this.#table.length - 1;
    let at = this.#home(this.#ids, slot * idSize);
    while (this.#table[at] !== 0) at = (at + 1) & mask;
    this.#table[at] = slot + 1;
  }

  #probe(type: BlobType, bytes: Bytes, offset: number, home: number): number {
    const mask = this.#table.length - 1;
    for (let at = home; ; at = (at + 1) & mask) {
      const slot = (this.#table[at] ?? 0) - 1;
      if (slot === none || this.#matches(slot, type, bytes, offset)) return slot;
    }
  }

  #home(bytes: Bytes, at: number): number {
    const head =
      (bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24);
    return head & (this.#table.length - 1);
  }

  #matches(slot: number, type: BlobType, bytes: Bytes, at: number): boolean {
    const own = slot * idSize;
    for (let i = 0; i < idSize; i++) if (this.#ids[own + i] !== bytes[at + i]) return false;
    return this.isTree(slot) === (type === 'tree');
  }

  #place(slot: number, column: number): number {
    return this.#places[slot * columns + column] ?? 0;
  }
}
