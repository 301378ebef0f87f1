import { type Bytes, freeBytes, fromHex, toHex } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import type { IndexWriter } from '../archive/pack-uploader.ts';
import { BlobEncoder } from '../archive/pack-writer.ts';
import { plaintextSlack } from '../archive/unit-writer.ts';
import type { BlobType, PackedBlob } from '../format/blob.ts';
import type { Repository } from '../repository.ts';
import { OpenCopy } from './copied-pack.ts';

/** What of a blob goes into a pack beside its bytes. */
type NewBlob = Pick<PackedBlob, 'id' | 'type' | 'plainLength'>;

/** Puts blobs into new packs of a repository, one open for each type, and lists those in new index files as they come. */
export class NewPacks {
  readonly #repository: Repository;
  readonly #writer: IndexWriter;
  readonly #signal: AbortSignal;
  readonly #encoder: BlobEncoder;
  readonly #open = { tree: new OpenCopy(), data: new OpenCopy() };
  #blobs = 0;
  #bytes = 0;

  constructor(
    repository: Repository,
    { writer, signal }: { readonly writer: IndexWriter; readonly signal: AbortSignal },
  ) {
    this.#repository = repository;
    this.#writer = writer;
    this.#signal = signal;
    this.#encoder = new BlobEncoder(repository.version);
  }

  /** How many blobs were added, and the bytes that they take. */
  get added(): { readonly blobs: number; readonly bytes: number } {
    return { blobs: this.#blobs, bytes: this.#bytes };
  }

  /** Adds a blob that is sealed as this repository has it. */
  async addSealed(blob: NewBlob, unit: Bytes): Promise<void> {
    const open = this.#open[blob.type];
    open.add(unit, blob);
    this.#blobs++;
    this.#bytes += unit.length;
    if (open.isFull) await this.#store(blob.type);
  }

  /** Adds a blob by its plaintext. */
  async add({ id, type }: Pick<PackedBlob, 'id' | 'type'>, plaintext: Bytes): Promise<void> {
    const padded = new Uint8Array(plaintext.length + plaintextSlack);
    padded.set(plaintext);
    const { bytes, length, plainLength } = this.#encoder.encode(type, fromHex(id), padded, plaintext.length);
    const unit = this.#repository.cipher.seal(bytes.subarray(0, length));
    await this.addSealed({ id, type, ...(plainLength !== undefined && { plainLength }) }, unit);
  }

  /** Stores what is in open packs, and lists all. */
  async flush(): Promise<void> {
    for (const type of ['tree', 'data'] as const) await this.#store(type);
    await this.#writer.flush();
  }

  async #store(type: BlobType): Promise<void> {
    const open = this.#open[type];
    if (open.isEmpty) return;
    this.#open[type] = new OpenCopy();
    const { id, body, size, header } = open.finish(this.#repository.cipher);
    const name = toHex(id) as ObjectId;
    // Packs of directories are read again and again: a cache keeps them.
    const options = { size, keep: type === 'tree', signal: this.#signal };
    await this.#repository.store.write({ type: 'data', name }, body, options);
    for (const block of body) freeBytes(block);
    await this.#writer.add(name, header);
  }
}
