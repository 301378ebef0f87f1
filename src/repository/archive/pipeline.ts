import { type Bytes, concatBytes, fromHex } from '../../base/index.ts';
import type { BlobId } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { Repository } from '../repository.ts';
import type { Changes } from './archive-options.ts';
import { blockBytes, cornerAt, cornerBytes, createArena } from './arena.ts';
import { KnownBlobs, type LostContent } from './known-blobs.ts';
import type { PackReply, SealerReply } from './messages.ts';
import { IndexWriter, PackUploader } from './pack-uploader.ts';
import { BlobEncoder, BlockPool, type PackSpace, PackWriter } from './pack-writer.ts';
import { plaintextSlack, UnitWriter } from './unit-writer.ts';
import { FileJobs, type FileOutcome, sealerCount, WorkerTeam } from './worker-team.ts';

/** Files are sent to the scanner so many at a time, and so many are under way at most. */
const requestFiles = 64;
const maxFiles = 4096;
/**
 * Room for new blobs in the set of known ones. It is grown when this is used up, and has then as much again for what is on
 * its way to the sealers: at most 64 leases of 128 blobs.
 */
const spareBlobs = 2 ** 14;
const idBytes = 32;
const nul = Uint8Array.of(0);

interface Threads {
  readonly team: WorkerTeam;
  readonly pool: BlockPool;
  readonly sealers: number;
}

/** How a pipeline is tied to the rest of a backup. */
interface PipelineOptions {
  /** Told of everything that happens, failures of threads and uploads included. */
  readonly changes: Changes;
  readonly signal: AbortSignal;
  /** Nothing is written to the store before this resolves. */
  readonly mayWrite: Promise<unknown>;
  /** What packs that are gone have held. */
  readonly lost: LostContent;
  /** Told how many bytes of files have been dealt with since the last time. */
  readonly onContent: (bytes: number) => void;
}

/** What was stored so far. */
interface StoredCounts {
  dataBlobs: number;
  treeBlobs: number;
  /** Plaintext of new blobs. */
  bytesAdded: number;
  /** What they took in packs. */
  bytesAddedPacked: number;
}

/**
 * From files and directories to packs and indexes in the store. The threads are started when the first file must be
 * read: a backup that finds no new content does without them.
 */
export class Pipeline {
  readonly stored: StoredCounts = { dataBlobs: 0, treeBlobs: 0, bytesAdded: 0, bytesAddedPacked: 0 };
  readonly indexWriter: IndexWriter;
  readonly #repository: Repository;
  readonly index: BlobIndex;
  readonly #changes: Changes;
  readonly #onContent: (bytes: number) => void;
  readonly #uploader: PackUploader;
  readonly #files = new FileJobs();
  #request: { readonly first: number; readonly paths: Bytes[]; readonly sizes: number[] } | undefined;
  #threads: Threads | undefined;
  #trees: TreePacker | undefined;
  #known: KnownBlobs | undefined;
  #knownCount = 0;
  #parked = 0;
  #flushed = 0;

  constructor(repository: Repository, index: BlobIndex, options: PipelineOptions) {
    const { changes, signal, mayWrite, lost } = options;
    this.#repository = repository;
    this.#onContent = options.onContent;
    this.index = index;
    this.#changes = changes;
    this.indexWriter = new IndexWriter(repository, { signal, mayWrite, lost });
    this.#uploader = new PackUploader({ repository, index: this.indexWriter, changes, signal, mayWrite });
  }

  /** Reads and stores a file; `onDone` is told what became of it. */
  storeFile(path: Bytes, size: number, onDone: (outcome: FileOutcome) => void): void {
    const file = this.#files.begin(onDone);
    this.#request ??= { first: file, paths: [], sizes: [] };
    this.#request.paths.push(path, nul);
    this.#request.sizes.push(size);
    if (this.#request.sizes.length >= requestFiles) this.sendRequest();
  }

  /** Stores a directory's tree, which is not known yet. */
  storeTree(id: BlobId, plaintext: Bytes): void {
    this.#trees ??= new TreePacker(this.#repository, (pack) => this.#uploader.take(pack));
    this.#count(0, 1, plaintext.length, this.#trees.add(id, plaintext));
  }

  /** Hands on what {@link storeFile} has collected. */
  sendRequest(): void {
    if (!this.#request) return;
    const { first, paths, sizes } = this.#request;
    this.#request = undefined;
    this.#start().team.scan({ first, paths: concatBytes(...paths), sizes: Float64Array.from(sizes) });
  }

  /** Resolves when another file may be stored. */
  async room(): Promise<void> {
    while (this.#files.size >= maxFiles) await this.#changes.next();
  }

  /** Resolves when all that was handed in is in the store and in an index there. */
  async flush(): Promise<void> {
    this.#trees?.flush();
    this.#flushed = 0;
    this.#threads?.team.askAll({ kind: 'flush' });
    const sealers = this.#threads?.sealers ?? 0;
    while (this.#flushed < sealers || !this.#uploader.isIdle) await this.#changes.next();
    // What the threads take is given back before the last index is put together.
    await this.#endThreads();
    await this.indexWriter.flush();
  }

  /** Ends the threads, and waits for what is being uploaded to end. */
  async close(): Promise<void> {
    await this.#endThreads();
    await this.#uploader.settled();
  }

  async #endThreads(): Promise<void> {
    const { team } = this.#threads ?? {};
    this.#threads = undefined;
    this.#known = undefined;
    await team?.close();
  }

  #start(): Threads {
    if (this.#threads) return this.#threads;
    const sealers = sealerCount();
    const arena = createArena(sealers);
    this.#known = knownBlobs(this.index);
    this.#knownCount = this.index.size;
    const team = new WorkerTeam(arena, this.#repository, this.#known, {
      onReply: (reply) => this.#takeReply(reply),
      onFailure: (error) => this.#changes.fail(error),
    });
    this.#threads = { team, pool: new BlockPool(arena), sealers };
    return this.#threads;
  }

  /** What a reply leads to, the callbacks of the caller included, must fail the backup and not the process. */
  #takeReply(reply: SealerReply): void {
    try {
      this.#onReply(reply);
      this.#changes.notify();
    } catch (error) {
      this.#changes.fail(error);
    }
  }

  #onReply(reply: SealerReply): void {
    switch (reply.kind) {
      case 'sealed':
        this.#count(reply.newBlobs, 0, reply.newBytes, reply.packedBytes);
        this.#onContent(contentBytes(reply.blobs));
        this.#files.update(reply);
        this.#growKnown(reply.newBlobs);
        break;
      case 'pack':
        this.#uploader.take(reply, () => this.#threads?.pool.release(reply.blocks));
        break;
      case 'parked':
        this.#parked++;
        this.#swapKnown();
        break;
      case 'flushed':
        this.#flushed++;
        break;
    }
  }

  #count(dataBlobs: number, treeBlobs: number, bytes: number, packedBytes: number): void {
    this.stored.dataBlobs += dataBlobs;
    this.stored.treeBlobs += treeBlobs;
    this.stored.bytesAdded += bytes;
    this.stored.bytesAddedPacked += packedBytes;
  }

  /** When the set of known blobs is half full the sealers pause for a moment and get a larger one. */
  #growKnown(newBlobs: number): void {
    if (!this.#known || newBlobs === 0) return;
    const before = this.#knownCount;
    this.#knownCount += newBlobs;
    const { capacity } = this.#known;
    if (before < capacity && this.#knownCount >= capacity) {
      this.#parked = 0;
      this.#threads?.team.askAll({ kind: 'park' });
    }
  }

  #swapKnown(): void {
    if (!this.#known || !this.#threads || this.#parked < this.#threads.sealers) return;
    const grown = KnownBlobs.withRoomFor(2 * this.#knownCount + spareBlobs);
    grown.addAll(this.#known);
    this.#known = grown;
    this.#threads.team.askAll({ kind: 'known', table: grown.table });
  }
}

/** The lengths of a batch's blobs: every fourth word (see `Batch`). */
function contentBytes(blobs: Int32Array): number {
  let bytes = 0;
  for (let at = 3; at < blobs.length; at += 4) bytes += blobs[at] ?? 0;
  return bytes;
}

function knownBlobs(index: BlobIndex): KnownBlobs {
  const known = KnownBlobs.withRoomFor(index.size + spareBlobs);
  const { ids, size } = index;
  for (let slot = 0; slot < size; slot++) if (!index.isTree(slot)) known.claim(ids, slot * idBytes);
  return known;
}

const pageBytes = 65_536;

/** Ordinary memory: directories are few against what is in them, and one may be larger than any pack of files. */
const packSpace: PackSpace = {
  capacity: Number.POSITIVE_INFINITY,
  open: () => ({ blocks: [], take: () => new Uint8Array(blockBytes) }),
};

/** Puts directories into packs of their own, on the main thread, where they are made. */
class TreePacker {
  readonly #encoder: BlobEncoder;
  readonly #packs: PackWriter;

  constructor(repository: Repository, onPack: (pack: PackReply) => void) {
    const pages = Math.ceil(cornerBytes / pageBytes);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const writer = new UnitWriter(memory, cornerAt(0), repository.masterKey.reveal());
    this.#encoder = new BlobEncoder(repository.version);
    this.#packs = new PackWriter(packSpace, writer, onPack);
  }

  /** Adds a tree; the bytes it took. */
  add(id: BlobId, plaintext: Bytes): number {
    const padded = new Uint8Array(plaintext.length + plaintextSlack);
    padded.set(plaintext);
    return this.#packs.add(this.#encoder.encode('tree', fromHex(id), padded, plaintext.length));
  }

  flush(): void {
    this.#packs.flush();
  }
}
