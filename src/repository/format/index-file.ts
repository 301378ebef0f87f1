import { type Bytes, concatBytes, HoldfastError } from '../../base/index.ts';
import { type BlobType, isId, maxBlobBytes, type PackContents, type PackedBlob } from './blob.ts';
import { asCount, isJsonObject, type JsonObject, parseJsonObject } from './json-object.ts';
import { unitOverhead } from './unit.ts';

/** The JSON of an index file that says where the blobs of `packs` are (restic design document, "Indexing"). */
export function encodeIndexFile(packs: Iterable<PackContents>): Bytes {
  const pieces: Bytes[] = [];
  for (const pack of packs) {
    const before = pieces.length === 0 ? '{"packs":[' : ',';
    pieces.push(
      Buffer.from(`${before}{"id":"${pack.id}","blobs":[${pack.blobs.map(encodeBlob).join(',')}]}`),
    );
  }
  return concatBytes(...(pieces.length === 0 ? [Buffer.from('{"packs":[')] : pieces), Buffer.from(']}\n'));
}

/** Reads an index file's JSON; `repository_damaged`, naming `what`, when an entry is not what it should be. */
export function parseIndexFile(json: Bytes, what: string): PackContents[] {
  const packs = parseJsonObject(json, what)['packs'];
  // Go writes an empty list that was never made as null.
  if (packs === null || packs === undefined) return [];
  if (!Array.isArray(packs)) throw malformed(what, 'packs is not a list');
  return packs.map((pack: unknown) => parsePack(pack, what));
}

function encodeBlob(blob: PackedBlob): string {
  const place = `{"id":"${blob.id}","type":"${blob.type}","offset":${blob.offset},"length":${blob.length}`;
  return blob.plainLength === undefined ? `${place}}` : `${place},"uncompressed_length":${blob.plainLength}}`;
}

function parsePack(pack: unknown, what: string): PackContents {
  if (!isJsonObject(pack) || !isId(pack['id'])) throw malformed(what, 'a pack has no id');
  const id = pack['id'];
  const blobs = pack['blobs'] ?? [];
  if (!Array.isArray(blobs)) throw malformed(what, `the blobs of pack ${id} are not a list`);
  return { id, blobs: blobs.map((blob: unknown) => parseBlob(blob, `${what}, pack ${id}`)) };
}

function parseBlob(blob: unknown, what: string): PackedBlob {
  if (!isJsonObject(blob) || !isId(blob['id'])) throw malformed(what, 'a blob has no id');
  const id = blob['id'];
  const type = parseType(blob['type']);
  const offset = asLength(blob, 'offset');
  const length = asLength(blob, 'length');
  if (!type || offset === undefined || length === undefined || length < unitOverhead) {
    throw malformed(what, `blob ${id} has no proper type, offset or length`);
  }
  const plainLength = asLength(blob, 'uncompressed_length');
  if (plainLength === undefined && blob['uncompressed_length'] !== undefined) {
    throw malformed(what, `blob ${id} has no proper uncompressed_length`);
  }
  // 0 is how the entry of a blob that is not compressed may also be written: such a blob is never empty.
  return plainLength ? { id, type, offset, length, plainLength } : { id, type, offset, length };
}

function parseType(value: unknown): BlobType | undefined {
  return value === 'data' || value === 'tree' ? value : undefined;
}

function asLength(blob: JsonObject, key: string): number | undefined {
  const value = asCount(blob[key]);
  return value !== undefined && value <= maxBlobBytes ? value : undefined;
}

function malformed(what: string, why: string): HoldfastError {
  return new HoldfastError('repository_damaged', `${what}: ${why}`);
}
