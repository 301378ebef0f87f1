import { asBuffer, type Bytes, HoldfastError, toHex } from '../../base/index.ts';
import type { ObjectId, ObjectInfo, ObjectStore } from '../../storage/index.ts';
import type { PackedBlob } from './blob.ts';
import { type UnitCipher, unitOverhead } from './unit.ts';

const plainEntrySize = 37;
const compressedEntrySize = 41;
const lengthSize = 4;

/** What a pack holds beside its blobs and the entries of its header: the header's overhead and its length. */
export const packOverhead = unitOverhead + lengthSize;

/** The longest header that is ever written or read, 16 MiB. */
export const maxHeaderBytes = 2 ** 24;

/** Header bytes that the first of two requests fetches; enough for fifteen blobs, which most packs of large files have. */
const firstReadBytes = 15 * compressedEntrySize + packOverhead;

/** The bytes that a blob takes in the header of its pack. */
export function packEntrySize(isCompressed: boolean): number {
  return isCompressed ? compressedEntrySize : plainEntrySize;
}

/** Whether what is stored of a blob was compressed. */
export function isCompressed({ plainLength }: Pick<PackedBlob, 'plainLength'>): boolean {
  return plainLength !== undefined;
}

/** The size of the pack that holds exactly these blobs. */
export function packSize(blobs: Iterable<PackedBlob>): number {
  let size = packOverhead;
  for (const blob of blobs) size += blob.length + packEntrySize(isCompressed(blob));
  return size;
}

/**
 * The plaintext of the header of a pack that holds `blobs` in this order from offset 0 on
 * (restic design document, "Pack Format"). Sealed, it follows the last blob; its sealed length as u32le ends the pack.
 */
export function encodePackHeader(blobs: readonly PackedBlob[]): Bytes {
  const header = Buffer.alloc(blobs.reduce((size, blob) => size + packEntrySize(isCompressed(blob)), 0));
  let at = 0;
  for (const blob of blobs) {
    const compressed = blob.plainLength !== undefined;
    at = header.writeUInt8((blob.type === 'tree' ? 1 : 0) + (compressed ? 2 : 0), at);
    at = header.writeUInt32LE(blob.length, at);
    if (compressed) at = header.writeUInt32LE(blob.plainLength, at);
    at += header.write(blob.id, at, 'hex');
  }
  return header;
}

/** Reads the plaintext of a header; `repository_damaged`, naming the pack, when it is not a run of whole entries. */
export function parsePackHeader(plaintext: Bytes, pack: ObjectId): PackedBlob[] {
  const header = asBuffer(plaintext);
  const blobs: PackedBlob[] = [];
  let at = 0;
  let offset = 0;
  while (at < header.length) {
    const kind = header.readUInt8(at);
    const compressed = kind >= 2;
    const end = at + (compressed ? compressedEntrySize : plainEntrySize);
    if (kind > 3) throw damaged(pack, `its header has an entry of unknown kind ${kind}`);
    if (end > header.length) throw damaged(pack, 'its header ends within an entry');
    const length = header.readUInt32LE(at + 1);
    if (length < unitOverhead) throw damaged(pack, `its header has a blob of impossible length ${length}`);
    const id = toHex(header.subarray(end - 32, end)) as ObjectId;
    const blob = { id, type: kind % 2 === 1 ? ('tree' as const) : ('data' as const), offset, length };
    blobs.push(compressed ? { ...blob, plainLength: header.readUInt32LE(at + 5) } : blob);
    offset += length;
    at = end;
  }
  return blobs;
}

/**
 * The blobs that a pack says it holds, read from its end: one request for most packs, two for those with many blobs.
 * `repository_damaged` names the pack when its end is not a header.
 */
export async function readPackHeader(
  store: ObjectStore,
  cipher: UnitCipher,
  pack: ObjectInfo,
  options: { signal?: AbortSignal } = {},
): Promise<PackedBlob[]> {
  const readEnd = async (bytes: number): Promise<Bytes> => {
    const length = Math.min(bytes, pack.size);
    return store.read(
      { type: 'data', name: pack.name },
      { ...options, range: { offset: pack.size - length, length } },
    );
  };
  const end = await readEnd(firstReadBytes);
  const wanted = sealedHeaderLength(end, pack) + lengthSize;
  const whole = wanted <= end.length ? end : await readEnd(wanted);
  return openPackHeader(whole, cipher, pack);
}

/**
 * The same from a pack's last bytes, or all of them, once they are here.
 * A header whose blobs do not fill the pack exactly is damage too.
 */
export function openPackHeader(end: Bytes, cipher: UnitCipher, pack: ObjectInfo): PackedBlob[] {
  const blobs = parsePackHeader(unsealPackHeader(end, cipher, pack), pack.name);
  const size = packSize(blobs);
  if (size !== pack.size) throw damaged(pack.name, `its header accounts for ${size} bytes of ${pack.size}`);
  return blobs;
}

/** The plaintext of the header in a pack's last bytes, or all of them, as {@link encodePackHeader} made it. */
export function unsealPackHeader(end: Bytes, cipher: UnitCipher, pack: ObjectInfo): Bytes {
  const length = sealedHeaderLength(end, pack);
  const header = cipher.unseal(end.subarray(end.length - lengthSize - length, end.length - lengthSize));
  if (!header) throw damaged(pack.name, 'its header does not authenticate');
  return header;
}

function sealedHeaderLength(end: Bytes, pack: ObjectInfo): number {
  if (end.length < lengthSize) throw damaged(pack.name, `it has ${pack.size} bytes, too few for a pack`);
  const length = asBuffer(end).readUInt32LE(end.length - lengthSize);
  const most = Math.min(pack.size - lengthSize, maxHeaderBytes + unitOverhead);
  if (length >= unitOverhead + plainEntrySize && length <= most) return length;
  throw damaged(pack.name, `its last four bytes give ${length} as the length of its header`);
}

function damaged(pack: ObjectId, why: string): HoldfastError {
  return new HoldfastError('repository_damaged', `pack ${pack}: ${why}`);
}

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
interface SlotPlaces {
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
