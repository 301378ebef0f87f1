import type { Bytes } from '../base/index.ts';
import type { ObjectId, ObjectInfo, ObjectStore, ObjectType } from '../storage/index.ts';

/** An entry is the name's 32 bytes, the size in six, and whether it was met. */
const nameBytes = 32;
const sizeBytes = 6;
const metAt = nameBytes + sizeBytes;
const entryBytes = metAt + 1;
const firstEntries = 8;

/** The entries whose names have the same first byte. */
interface Bucket {
  bytes: Buffer;
  count: number;
  isSorted: boolean;
}

/** Many names of objects with their sizes in little memory: 39 bytes each, where an array of texts takes four times that. */
export class ObjectNames {
  readonly #buckets: Bucket[] = Array.from({ length: 256 }, () => ({
    bytes: Buffer.alloc(0),
    count: 0,
    isSorted: true,
  }));
  #count = 0;
  #met = 0;
  #bytes = 0;

  /** Every object of one type in a store. */
  static async of(
    store: ObjectStore,
    type: ObjectType,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<ObjectNames> {
    const names = new ObjectNames();
    for await (const batch of store.scan(type, options)) for (const info of batch) names.add(info);
    return names;
  }

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** Their sizes together. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many {@link meet} has not been asked for. */
  get unmetCount(): number {
    return this.#count - this.#met;
  }

  add({ name, size }: Pick<ObjectInfo, 'name' | 'size'>): void {
    const bucket = this.#bucketOf(name);
    const at = bucket.count * entryBytes;
    if (at === bucket.bytes.length) grow(bucket);
    bucket.bytes.write(name, at, 'hex');
    bucket.bytes.writeUIntBE(size, at + nameBytes, sizeBytes);
    bucket.count += 1;
    bucket.isSorted = false;
    this.#count += 1;
    this.#bytes += size;
  }

  /** The size of an object, which counts as met from now on; undefined for one that is not among them. */
  meet(name: ObjectId): number | undefined {
    const bucket = this.#bucketOf(name);
    const at = find(sorted(bucket), Buffer.from(name, 'hex'));
    if (at === undefined) return undefined;
    if (bucket.bytes[at + metAt] === 0) this.#met += 1;
    bucket.bytes[at + metAt] = 1;
    return bucket.bytes.readUIntBE(at + nameBytes, sizeBytes);
  }

  /** Those that were not met. */
  *unmet(): Generator<Pick<ObjectInfo, 'name' | 'size'>> {
    for (const { bytes, count } of this.#buckets)
      for (let at = 0; at < count * entryBytes; at += entryBytes)
        if (bytes[at + metAt] === 0) yield entryAt(bytes, at);
  }

  /** All in the order of their names, from behind `after` on. */
  *inOrder(after = ''): Generator<Pick<ObjectInfo, 'name' | 'size'>> {
    for (const bucket of this.#buckets) {
      const { bytes, count } = sorted(bucket);
      for (let at = 0; at < count * entryBytes; at += entryBytes) {
        const entry = entryAt(bytes, at);
        if (entry.name > after) yield entry;
      }
    }
  }

  #bucketOf(name: ObjectId): Bucket {
    const bucket = this.#buckets[Number.parseInt(name.slice(0, 2), 16)];
    if (bucket === undefined) throw new TypeError(`object name ${name}`);
    return bucket;
  }
}

function grow(bucket: Bucket): void {
  const entries = Math.max(firstEntries, Math.ceil(bucket.count * 1.5));
  const bytes = Buffer.alloc(entries * entryBytes);
  bytes.set(bucket.bytes);
  bucket.bytes = bytes;
}

/** Brings the entries of a bucket into order, where something came since they were. */
function sorted(bucket: Bucket): Bucket {
  if (bucket.isSorted) return bucket;
  const { bytes, count } = bucket;
  const entries = Array.from({ length: count }, (_, i) =>
    Buffer.from(bytes.subarray(i * entryBytes, (i + 1) * entryBytes)),
  );
  entries.sort((a, b) => a.compare(b));
  for (const [i, entry] of entries.entries()) bytes.set(entry, i * entryBytes);
  bucket.isSorted = true;
  return bucket;
}

/** Where the entry of a name begins. */
function find({ bytes, count }: Bucket, name: Bytes): number | undefined {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = middle * entryBytes;
    const order = bytes.compare(name, 0, nameBytes, at, at + nameBytes);
    if (order === 0) return at;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return undefined;
}

function entryAt(bytes: Buffer, at: number): Pick<ObjectInfo, 'name' | 'size'> {
  const name = bytes.toString('hex', at, at + nameBytes) as ObjectId;
  return { name, size: bytes.readUIntBE(at + nameBytes, sizeBytes) };
}
