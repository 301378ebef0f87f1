import { type Bytes, concatBytes, forEachLimited, HoldfastError, isHoldfastError } from '../base/index.ts';
import type { ListOptions, ObjectId, ObjectInfo, ObjectStore } from '../storage/index.ts';
import {
  type BlobType,
  idOf,
  isId,
  maxBlobBytes,
  type PackContents,
  type PackedBlob,
} from './format/blob.ts';
import { BlobIndex } from './format/blob-index.ts';
import { decodeUnpacked, encodeUnpacked } from './format/compression.ts';
import type { RepositoryVersion } from './format/config.ts';
import { asCount, isJsonObject, type JsonObject, parseJsonObject } from './format/go-text.ts';
import { scanIndexFile } from './format/index-scanner.ts';
import { readPackHeader } from './format/pack-header.ts';
import { type UnitCipher, unitOverhead } from './format/unit.ts';

/** The types of files that hold one JSON each, encrypted and perhaps compressed. */
type UnpackedType = 'index' | 'snapshots' | 'locks';

interface Cancellable {
  readonly signal?: AbortSignal;
}

/** A snapshot that was stored in the place of another. */
export interface ReplacedSnapshot {
  readonly id: ObjectId;
  /** Why the other one is still there, if it is. */
  readonly kept: HoldfastError | undefined;
}

/** A repository's files beside its packs: encrypted on the way in, checked and decrypted on the way out. */
export class UnpackedStore {
  readonly #store: ObjectStore;
  readonly #cipher: UnitCipher;
  readonly #version: RepositoryVersion;

  constructor(store: ObjectStore, cipher: UnitCipher, version: RepositoryVersion) {
    this.#store = store;
    this.#cipher = cipher;
    this.#version = version;
  }

  /** Every file of a type. */
  async list(type: UnpackedType, options: ListOptions = {}): Promise<readonly ObjectInfo[]> {
    return this.#store.list(type, options);
  }

  /** Stores a JSON, and gives the name of its file. */
  async save(type: UnpackedType, json: Bytes, options: Cancellable = {}): Promise<ObjectId> {
    const file = this.#cipher.seal(encodeUnpacked(json, this.#version));
    const name = idOf(file);
    await this.#store.write({ type, name }, [file], { ...options, size: file.length });
    return name;
  }

  /**
   * Stores a snapshot in the place of another, which it takes the arrival of. Where that may not be removed both are there then.
   */
  async replaceSnapshot(old: ObjectId, json: Bytes, options: Cancellable = {}): Promise<ReplacedSnapshot> {
    const file = this.#cipher.seal(encodeUnpacked(json, this.#version));
    const id = idOf(file);
    const write = (replaces?: ObjectId): Promise<void> =>
      this.#store.write({ type: 'snapshots', name: id }, [file], { ...options, size: file.length, replaces });
    try {
      await write(old);
      return { id, kept: undefined };
    } catch (error) {
      if (!isHoldfastError(error, 'append_only', 'retention_locked', 'trash_exceeded')) throw error;
      await write();
      return { id, kept: error };
    }
  }

  /** The JSON in a file; `repository_damaged`, naming the file, when its bytes are not those that were written. */
  async load(type: UnpackedType, name: ObjectId, options: Cancellable = {}): Promise<Bytes> {
    const file = await this.#store.read({ type, name }, options);
    const what = `${fileKinds[type]} ${name}`;
    // The name is checked too: a sealed file is genuine under any name, and storage could exchange two of them.
    if (idOf(file) !== name) {
      throw damaged(what, `is damaged: its ${file.length} bytes are not those that were written`);
    }
    const plaintext = this.#cipher.unseal(file);
    if (!plaintext)
      throw damaged(what, 'does not authenticate: it was made with the key of another repository');
    return decodeUnpacked(plaintext, what);
  }

  /** Removes a file. */
  async remove(type: UnpackedType, name: ObjectId, options: Cancellable = {}): Promise<void> {
    await this.#store.remove({ type, name }, options);
  }
}

/** What each type is called in messages. */
const fileKinds: Readonly<Record<UnpackedType, string>> = {
  index: 'index',
  snapshots: 'snapshot',
  locks: 'lock',
};

function damaged(what: string, why: string): HoldfastError {
  return new HoldfastError('repository_damaged', `${what} ${why}`);
}

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

const concurrentReads = 4;

/** How the index files are read. */
export interface IndexOptions {
  readonly signal?: AbortSignal;
  /** Called when it is known which files there are, before they are read: what they name was stored by then. */
  readonly onListed?: () => void;
  /** Leaves out the packs that are not, as the index file `name` lists them; none unless said. */
  readonly isStored?: (pack: IndexedPack, name: ObjectId) => boolean;
  /** Told of a pack that an earlier file lists too, and how many of its blobs that file did not list so. */
  readonly onRepeated?: (pack: ObjectId, name: ObjectId, newBlobs: number) => void;
}

/** An index file that cannot be read. */
interface DamagedIndex {
  readonly name: ObjectId;
  readonly error: HoldfastError;
}

/** What index files say. */
export interface ListedIndex {
  readonly index: BlobIndex;
  /** Those that could not be read: what they alone knew is not in `index`. */
  readonly damaged: readonly DamagedIndex[];
}

/** Everything that those index files say which can be read, a few at a time. */
export async function loadIndexFiles(
  files: UnpackedStore,
  { onListed, onRepeated, isStored = () => true, ...cancel }: IndexOptions = {},
): Promise<ListedIndex> {
  const index = new BlobIndex();
  const damaged: DamagedIndex[] = [];
  const listed = await files.list('index', cancel);
  onListed?.();
  await forEachLimited(listed, concurrentReads, async ({ name }) => {
    try {
      const json = await files.load('index', name, cancel);
      for (const pack of indexedPacks(json, `index ${name}`)) {
        if (!isStored(pack, name)) continue;
        const repeated = index.hasPack(pack.id);
        const newBlobs = pack.addTo(index);
        if (repeated) onRepeated?.(pack.id, name, newBlobs);
      }
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      damaged.push({ name, error });
    }
  });
  return { index, damaged };
}

/** A file that is gone was replaced by another while we read, or is missing and so is what it said. */
function isUnreadable(error: unknown): error is HoldfastError {
  return isHoldfastError(error, 'repository_damaged', 'object_not_found', 'object_corrupt', 'storage_failed');
}

/** A pack that an index file lists. */
class IndexedPack {
  readonly id: ObjectId;
  /** Tells how many of its blobs are new. */
  readonly addTo: (index: BlobIndex) => number;

  constructor(id: ObjectId, addTo: IndexedPack['addTo']) {
    this.id = id;
    this.addTo = addTo;
  }

  /** What it measures at least. */
  leastSize(): number {
    const alone = new BlobIndex();
    this.addTo(alone);
    return alone.leastPackSize(this.id);
  }
}

function indexedPacks(json: Bytes, what: string): IndexedPack[] {
  const scanned = scanIndexFile(json);
  if (scanned === undefined)
    return parseIndexFile(json, what).map((pack) => new IndexedPack(pack.id, (index) => index.add(pack)));
  const { packs, blobs } = scanned;
  return packs.map((pack) => new IndexedPack(pack.id, (index) => index.addStretch(pack, blobs)));
}

const concurrentHeaders = 8;

interface FindOptions {
  readonly signal?: AbortSignal;
  /** The packs that are stored, where somebody has listed them. */
  readonly stored?: readonly ObjectInfo[];
  /** Told of each pack whose header cannot be read; it is left alone. */
  readonly onUnreadable?: (pack: ObjectId, error: HoldfastError) => void;
}

/**
 * Packs that are stored but in no index that could be read, by what their own headers say: a run that was interrupted
 * between the two leaves some, and so does an index file that is damaged or gone.
 */
export async function findUnlistedPacks(
  { store, cipher }: { readonly store: ObjectStore; readonly cipher: UnitCipher },
  index: BlobIndex,
  { onUnreadable = () => {}, stored, ...cancel }: FindOptions = {},
): Promise<PackContents[]> {
  const packs = (stored ?? (await store.list('data', cancel))).filter((pack) => !index.hasPack(pack.name));
  const found: PackContents[] = [];
  await forEachLimited(packs, concurrentHeaders, async (pack) => {
    try {
      found.push({ id: pack.name, blobs: await readPackHeader(store, cipher, pack, cancel) });
    } catch (error) {
      if (isHoldfastError(error, 'object_not_found')) return;
      if (!isHoldfastError(error, 'repository_damaged', 'object_corrupt', 'storage_failed')) throw error;
      onUnreadable(pack.name, error);
    }
  });
  return found;
}
