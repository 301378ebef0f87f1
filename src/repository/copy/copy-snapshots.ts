import { type Bytes, equalBytes, freeBytes, HoldfastError, isHoldfastError } from '../../base/index.ts';
import { pathText } from '../../files/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import { adoptPacks } from '../archive/adopt-packs.ts';
import { loadStoredIndex, type StoredIndex } from '../archive/known-blobs.ts';
import { IndexWriter } from '../archive/pack-uploader.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import { encodeSnapshot, type Snapshot } from '../format/snapshot.ts';
import { splitPath } from '../node-at-path.ts';
import { findUsedBlobs } from '../prune/used-blobs.ts';
import type { Repository } from '../repository.ts';
import type { LockOptions, RepositoryLock } from '../repository-lock.ts';
import { blobRun } from '../restore/content-run.ts';
import { ReaderPool } from '../restore/reader-pool.ts';
import type { StoredSnapshot } from '../stored-snapshots.ts';
import { BlobCopier } from './blob-copier.ts';
import { type CutSubtree, cutSubtree } from './cut-subtree.ts';
import { NewPacks } from './new-packs.ts';

/** Which snapshots are copied, and where to. */
export interface CopyOptions extends Pick<LockOptions, 'retryForMs' | 'onWaiting'> {
  readonly from: Repository;
  readonly to: Repository;
  /** Of `from`, in the order in which they are copied. */
  readonly snapshots: readonly StoredSnapshot[];
  /** Absolute and raw: only what is there is copied, and nothing else can be read from the copy. All of each snapshot unless said. */
  readonly subtree?: Bytes | undefined;
  readonly signal?: AbortSignal;
  /** Bytes of blobs that were copied, of those that were found to be missing so far. */
  readonly onProgress?: (progress: {
    readonly files: number;
    readonly bytes: number;
    readonly totalBytes: number;
  }) => void;
  /** Told of each snapshot as soon as nothing of it is missing any more. */
  readonly onSnapshot?: (copied: CopiedSnapshot) => void;
}

/** What became of a snapshot. */
export interface CopiedSnapshot {
  readonly source: ObjectId;
  /** It was copied, or has been before, or has nothing at the path that is copied alone. */
  readonly outcome: 'copied' | 'present' | 'absent';
  /** Its name where it went. */
  readonly id?: ObjectId;
}

/** What was copied; bytes as they are stored. */
export interface CopySummary {
  /** In the order in which they were given. */
  readonly snapshots: readonly CopiedSnapshot[];
  readonly blobs: number;
  readonly bytes: number;
}

/** Snapshots are stored as soon as so many bytes have come together for them, so that one has many small packs no more than needed. */
const batchBytes = 256 * 1024 * 1024;

/**
 * Copies snapshots into another repository, with all that they need and that is not there yet. What is there already, as a copy or as a
 * copy of the same one, is passed over. Packs, then indexes, then snapshots are stored: stopped at any moment it leaves a repository that
 * is whole, and the next run goes on from there. Both repositories are locked meanwhile, the source only where it can be written to.
 *
 * @throws HoldfastError `repository_same` when both are one; `repository_damaged` when something that a snapshot needs cannot be read
 */
export async function copySnapshots(options: CopyOptions): Promise<CopySummary> {
  const { from, to, signal: stop, retryForMs, onWaiting } = options;
  if (from.id === to.id) throw sameRepository(from, to);
  const locking = { signal: stop, retryForMs, onWaiting };
  await using target = await to.lock(locking);
  await using source = await lockIfWritable(from, locking);
  const signals = [stop, target.lost, source?.lost].filter((one) => one !== undefined);
  const signal = AbortSignal.any(signals);
  await using started = new AsyncDisposableStack();
  let readers: ReaderPool | undefined;
  const pool = (): ReaderPool => (readers ??= started.use(new ReaderPool(from.masterKey, to.masterKey)));
  const index = await from.loadIndex({ signal });
  const stored = await loadStoredIndex(to, { signal });
  const writer = new IndexWriter(to, { signal, mayWrite: Promise.resolve(), lost: stored.lost });
  await adoptPacks(to, stored, { writer, signal });
  const copy = new Copy(options, { index, stored, writer, pool, signal });
  return await copy.run(await to.snapshots({ signal }));
}

/** A source that nobody may write to is read without a lock, as when it is restored from. */
async function lockIfWritable(
  from: Repository,
  options: Pick<LockOptions, 'signal' | 'retryForMs' | 'onWaiting'>,
): Promise<RepositoryLock | undefined> {
  try {
    return await from.lock(options);
  } catch (error) {
    if (!isHoldfastError(error) || error.code === 'repository_locked') throw error;
    return undefined;
  }
}

function sameRepository(from: Repository, to: Repository): HoldfastError {
  const { location } = from.store;
  const both = location === to.store.location ? location : `${location} and ${to.store.location}`;
  return new HoldfastError(
    'repository_same',
    `${both} are one repository, or one is a copy of the other's files`,
  );
}

/** What one run works with. */
interface Parts {
  /** Of the source. */
  readonly index: BlobIndex;
  readonly stored: StoredIndex;
  readonly writer: IndexWriter;
  /** Starts when something is to be copied. */
  readonly pool: () => ReaderPool;
  readonly signal: AbortSignal;
}

/** A snapshot whose blobs are on their way. */
interface Waiting {
  readonly source: ObjectId;
  readonly snapshot: Snapshot;
}

class Copy {
  readonly #options: CopyOptions;
  readonly #index: BlobIndex;
  readonly #there: BlobIndex;
  readonly #signal: AbortSignal;
  readonly #new: NewPacks;
  readonly #copier: BlobCopier;
  /** Blobs of the source that were come across, and those of them that are missing where they go; one byte for each entry. */
  readonly #marks: Uint8Array;
  readonly #wanted: Uint8Array;
  /** Packs of the source with something that is missing. */
  #packs = new Set<number>();
  /** Directories that were made here. */
  readonly #made = new Set<string>();
  readonly #done = new Map<ObjectId, CopiedSnapshot>();
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #bytes = 0;
  #totalBytes = 0;

  constructor(options: CopyOptions, { index, stored, writer, pool, signal }: Parts) {
    const { from, to } = options;
    this.#options = options;
    this.#index = index;
    this.#there = stored.index;
    this.#signal = signal;
    this.#marks = new Uint8Array(index.size);
    this.#wanted = new Uint8Array(index.size);
    this.#new = new NewPacks(to, { writer, signal });
    this.#copier = new BlobCopier({
      from,
      index,
      packs: this.#new,
      toVersion: to.version,
      signal,
      check: async (bytes, blobs) => {
        const { damaged, sealed } = await pool().run(blobRun(bytes, blobs), 'seal', signal);
        const ours = sealed as Bytes;
        return { bytes: ours, damaged, release: () => freeBytes(ours) };
      },
      compress: from.version < to.version,
      lost: damagedIn,
      onCopied: (bytes) => this.#tell(bytes),
    });
  }

  /** @param there the snapshots that are where these go */
  async run(there: readonly StoredSnapshot[]): Promise<CopySummary> {
    const copies = new KnownCopies(there);
    for (const snapshot of this.#options.snapshots) {
      const cut = await this.#cut(snapshot);
      if (cut === undefined) {
        this.#end({ source: snapshot.id, outcome: 'absent' });
        continue;
      }
      const copied = copyOf(snapshot, cut, this.#options.subtree);
      const present = copies.find(copied);
      if (present !== undefined) {
        this.#end({ source: snapshot.id, outcome: 'present', ...present });
        continue;
      }
      copies.add(copied);
      await this.#collect(snapshot, cut);
      this.#waiting.push({ source: snapshot.id, snapshot: copied });
      if (this.#waitingBytes >= batchBytes) await this.#store();
    }
    await this.#store();
    const snapshots = this.#options.snapshots.flatMap(({ id }) => this.#done.get(id) ?? []);
    return { snapshots, ...this.#new.added };
  }

  async #cut({ tree }: StoredSnapshot): Promise<CutSubtree | undefined> {
    const { from, subtree: path } = this.#options;
    if (path === undefined) return { tree, made: [], trees: [tree], contents: [] };
    return await cutSubtree(from, tree, { path, signal: this.#signal });
  }

  /** Finds what is missing of a snapshot, and adds what is in no repository yet. */
  async #collect({ id }: StoredSnapshot, { made, trees, contents }: CutSubtree): Promise<void> {
    await findUsedBlobs(this.#options.from, this.#index, {
      trees,
      contents,
      marks: this.#marks,
      signal: this.#signal,
      undone: `snapshot ${id.slice(0, 8)} was not copied`,
      onBlob: (slot) => this.#want(slot),
    });
    for (const tree of made) {
      if (this.#made.has(tree.id) || this.#there.has('tree', tree.id)) continue;
      this.#made.add(tree.id);
      await this.#new.add({ id: tree.id, type: 'tree' }, tree.plaintext);
    }
  }

  #want(slot: number): void {
    const type = this.#index.isTree(slot) ? 'tree' : 'data';
    if (this.#there.find(type, this.#index.ids, slot * idSize) >= 0) return;
    this.#wanted[slot] = 1;
    this.#packs.add(this.#index.packNumberAt(slot));
    this.#waitingBytes += this.#index.lengthAt(slot);
    this.#totalBytes += this.#index.lengthAt(slot);
  }

  /** Copies what is wanted, and then stores the snapshots that wait for it. */
  async #store(): Promise<void> {
    if (this.#packs.size > 0) await this.#copier.copy(this.#packs, this.#wanted);
    await this.#new.flush();
    this.#packs = new Set();
    this.#wanted.fill(0);
    this.#waitingBytes = 0;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { source, snapshot } of waiting) {
      const id = await this.#options.to.saveSnapshot(snapshot, { signal: this.#signal });
      this.#end({ source, outcome: 'copied', id });
    }
  }

  #end(copied: CopiedSnapshot): void {
    this.#done.set(copied.source, copied);
    this.#options.onSnapshot?.(copied);
  }

  #tell(bytes: number): void {
    this.#bytes += bytes;
    this.#options.onProgress?.({ files: 0, bytes: this.#bytes, totalBytes: this.#totalBytes });
  }
}

const idSize = 32;

/** Snapshots by the first of which they are copies. */
class KnownCopies {
  readonly #known = new Map<ObjectId, (Snapshot & { readonly id?: ObjectId })[]>();

  constructor(there: readonly StoredSnapshot[]) {
    for (const snapshot of there) this.add(snapshot);
  }

  /** Takes note of a snapshot. */
  add(snapshot: Snapshot & { readonly id?: ObjectId }): void {
    for (const name of new Set([snapshot.id, snapshot.original])) {
      if (name === undefined) continue;
      const same = this.#known.get(name) ?? [];
      same.push(snapshot);
      this.#known.set(name, same);
    }
  }

  /** One that says the same, where it is a copy of the same one: its name, if it has one by now. */
  find(copied: Snapshot): Pick<CopiedSnapshot, 'id'> | undefined {
    const same = this.#known.get(copied.original as ObjectId) ?? [];
    const found = same.find((snapshot) => equalBytes(contentOf(snapshot), contentOf(copied)));
    return found && (found.id === undefined ? {} : { id: found.id });
  }
}

/** All that a snapshot says but what it comes from. */
function contentOf({ parent: _parent, original: _original, ...content }: Snapshot): Bytes {
  return encodeSnapshot(content);
}

/** What it was compared with is not there, and what it did only is so of all of it. */
function copyOf(snapshot: StoredSnapshot, { tree }: CutSubtree, subtree: Bytes | undefined): Snapshot {
  const { id, parent: _parent, arrivedMs: _arrivedMs, summary, ...rest } = snapshot;
  const copied = { ...rest, tree, original: snapshot.original ?? id };
  if (subtree !== undefined && tree !== snapshot.tree)
    return { ...copied, paths: pathsWithin(snapshot.paths, subtree) };
  return { ...copied, ...(summary && { summary }) };
}

/** Of the paths that were saved those that are at or below `subtree`, or that itself. */
function pathsWithin(paths: readonly string[], subtree: Bytes): readonly string[] {
  const top = splitPath(subtree)
    .map((name) => `/${pathText(name)}`)
    .join('');
  const within = paths.filter((path) => path === top || path.startsWith(`${top}/`));
  return within.length > 0 ? within : [top];
}

function damagedIn(pack: ObjectId, problem: string): HoldfastError {
  return new HoldfastError(
    'repository_damaged',
    `pack ${pack}: ${problem}; no snapshot that needs it was copied`,
    {
      hint: 'holdfast repair snapshots makes snapshots without what is lost; holdfast backup PATH stores again what is still there',
    },
  );
}
