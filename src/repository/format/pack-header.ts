import { asBuffer, type Bytes, fromHex, HoldfastError, toHex } from '../../base/index.ts';
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
export function packEntrySize(blob: Pick<PackedBlob, 'plainLength'>): number {
  return blob.plainLength === undefined ? plainEntrySize : compressedEntrySize;
}

/** The size of the pack that holds exactly these blobs. */
export function packSize(blobs: Iterable<PackedBlob>): number {
  let size = packOverhead;
  for (const blob of blobs) size += blob.length + packEntrySize(blob);
  return size;
}

/** What a pack that holds these blobs measures at least, wherever in it they are. */
export function leastPackSize(blobs: readonly PackedBlob[]): number {
  const end = blobs.reduce((last, { offset, length }) => Math.max(last, offset + length), 0);
  return blobs.reduce((size, blob) => size + packEntrySize(blob), end + packOverhead);
}

/**
 * The plaintext of the header of a pack that holds `blobs` in this order from offset 0 on
 * (restic design document, "Pack Format"). Sealed, it follows the last blob; its sealed length as u32le ends the pack.
 */
export function encodePackHeader(blobs: readonly PackedBlob[]): Bytes {
  const header = Buffer.alloc(blobs.reduce((size, blob) => size + packEntrySize(blob), 0));
  let at = 0;
  for (const blob of blobs) {
    const compressed = blob.plainLength !== undefined;
    at = header.writeUInt8((blob.type === 'tree' ? 1 : 0) + (compressed ? 2 : 0), at);
    at = header.writeUInt32LE(blob.length, at);
    if (compressed) at = header.writeUInt32LE(blob.plainLength, at);
    header.set(fromHex(blob.id), at);
    at += 32;
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
  const length = sealedHeaderLength(end, pack);
  const header = cipher.unseal(end.subarray(end.length - lengthSize - length, end.length - lengthSize));
  if (!header) throw damaged(pack.name, 'its header does not authenticate');
  const blobs = parsePackHeader(header, pack.name);
  const size = packSize(blobs);
  if (size !== pack.size) throw damaged(pack.name, `its header accounts for ${size} bytes of ${pack.size}`);
  return blobs;
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
