import type { Bytes } from '../../base/index.ts';
import { type IgnoreOptions, pathText, type WalkLimit } from '../../files/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import type { BlobId } from '../format/blob.ts';
import type { SnapshotSummary } from '../format/snapshot.ts';
import type { TreeNode } from '../format/tree-node.ts';
import type { LockOptions } from '../repository-lock.ts';
import type { StoredSnapshot } from '../stored-snapshots.ts';
import type { Origin } from '../this-machine.ts';

/** What to back up, and whom to tell. */
export interface ArchiveOptions extends Partial<Origin>, Pick<LockOptions, 'retryForMs' | 'onWaiting'> {
  /** Absolute, raw. */
  readonly paths: readonly Bytes[];
  /** Patterns as restic's `--exclude`. */
  readonly excludes?: readonly string[];
  /** Of a directory with a valid CACHEDIR.TAG, save the directory and its tag only, unless it is one of the paths. */
  readonly excludeCaches?: boolean;
  /** What else is left out. */
  readonly leftOut?: Pick<IgnoreOptions, 'excludeAnyCase' | 'largerThan' | 'ifPresent' | 'oneFileSystem'>;
  /** Directories that are never part of a backup. */
  readonly forbidden?: readonly Bytes[];
  /** What is saved in place of `paths`: as one file in the root. */
  readonly stream?: SavedStream;
  /** When the snapshot is said to be made, nanoseconds since 1970; now unless given. */
  readonly timeNs?: bigint;
  /** Read every file again, whatever the last snapshot knows of it. */
  readonly isReread?: boolean;
  /** What alone has changed since a snapshot, where that is known. */
  readonly since?: SinceSnapshot;
  /** Make no snapshot that would have the same tree as the last one. */
  readonly isSkippedUnchanged?: boolean;
  readonly tags?: readonly string[];
  /** Packs that are known not to be as they were written: what is in them is stored again. */
  readonly damagedPacks?: readonly ObjectId[];
  /** Nobody can be asked which packs there are: what an index names counts as stored. */
  readonly isOffline?: boolean;
  /** Aborted, nothing more is written, and no snapshot. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ArchiveProgress) => void;
  /** Told of what could not be read; the rest is saved. */
  readonly onUnreadable?: (path: string, error: Error) => void;
  /** Told of each snapshot that is yet to come by the clock of this machine; see `orderSnapshots`. */
  readonly onFuture?: (snapshot: StoredSnapshot) => void;
  /** Told of each forbidden directory that was come to, and of each of the paths that the patterns leave out. */
  readonly onSkipped?: (path: string) => void;
  /** Told of each of `paths` that no file is saved of. */
  readonly onBare?: (path: string, why: BareReason) => void;
}

/**
 * Nothing but what lies in `limit` has changed since a snapshot was made of the same paths with the same patterns. All else is taken from it
 * and not looked at; where that cannot be, everything is.
 */
export interface SinceSnapshot {
  readonly base: ObjectId;
  readonly limit: WalkLimit;
}

/** What is to be taken from a snapshot is not there, or is another directory now. */
export class BaseUnusable extends Error {
  override readonly name = 'BaseUnusable';
}

/** What comes out of a pipe, to be saved as a file. */
export interface SavedStream {
  /** One plain component. */
  readonly name: string;
  /** Open for reading, in this process; it stays the caller's. */
  readonly handle: number;
  /** Resolves when whoever wrote it has succeeded; rejects, and there is no snapshot, when that has failed. */
  readonly written: Promise<void>;
}

/**
 * Why no file of a path that was named is saved: it is a directory that is never saved, the patterns leave it out, or leave
 * out all that is in it, or there is none.
 */
export type BareReason = 'forbidden' | 'excluded' | 'emptied' | 'empty';

/** How far a backup has come. */
interface ArchiveProgress {
  /** Files done, and bytes read or found unchanged, those of files under way among them. */
  readonly files: number;
  readonly bytes: number;
  /** What was found so far. */
  readonly totalFiles: number;
  readonly totalBytes: number;
}

type Counts = Omit<SnapshotSummary, 'dataAdded' | 'dataAddedPacked' | 'totalBytesProcessed'>;

/** What a backup did; sizes in bytes. */
export interface ArchiveSummary extends Counts {
  readonly snapshotId: ObjectId;
  /** Whether that is the last one, since nothing has changed and none was wanted then. */
  readonly isSkipped: boolean;
  /** The snapshot it was compared with. */
  readonly parent: ObjectId | undefined;
  /** Directories that were taken from it without a look at them. */
  readonly dirsKept: number;
  readonly bytesProcessed: number;
  /** Plaintext of what was new. */
  readonly bytesAdded: number;
  /** What that took in the repository. */
  readonly bytesAddedPacked: number;
  /** Blobs of packs that are missing or damaged which were stored again. */
  readonly blobsMended: number;
  /** Those which were not, since no file that was saved has them: they are of earlier states. */
  readonly blobsMissing: number;
  /** How many things could not be read. */
  readonly unreadable: number;
}

/** What a snapshot holds. */
export interface Totals {
  files: number;
  bytes: number;
  dirs: number;
}

/** Counts what a backup comes across. */
export class ArchiveCounts {
  filesNew = 0;
  filesChanged = 0;
  filesUnmodified = 0;
  dirsNew = 0;
  dirsChanged = 0;
  dirsUnmodified = 0;
  /** Of those unmodified, which were not looked at. */
  dirsKept = 0;
  unreadable = 0;
  /** What the patterns left out. */
  excluded = 0;
  /** Of what was named, what is never saved. */
  forbidden = 0;
  /** Links, devices and the like. */
  others = 0;
  bytesProcessed = 0;
  /** What the snapshot before has in the place of what was looked at, and of what is gone. */
  readonly before: Totals = { files: 0, bytes: 0, dirs: 0 };
  #totalFiles = 0;
  #totalBytes = 0;
  #bytesSeen = 0;

  get files(): number {
    return this.filesNew + this.filesChanged + this.filesUnmodified;
  }

  /** Everything but directories, done or not, and directories that may hold something. */
  get found(): number {
    return this.#totalFiles + this.others + this.dirsKept;
  }

  get progress(): ArchiveProgress {
    return {
      files: this.files,
      bytes: this.#bytesSeen,
      totalFiles: this.#totalFiles,
      totalBytes: this.#totalBytes,
    };
  }

  /** A file was found. */
  findFile(size: number): void {
    this.#totalFiles++;
    this.#totalBytes += size;
  }

  /** A part of a file was read, perhaps not its last. */
  addContent(bytes: number): void {
    this.#bytesSeen += bytes;
  }

  /** A file is done. */
  addFile(kind: 'new' | 'changed' | 'unmodified', size: number): void {
    if (kind === 'new') this.filesNew++;
    else if (kind === 'changed') this.filesChanged++;
    else {
      this.filesUnmodified++;
      this.#bytesSeen += size;
    }
    this.bytesProcessed += size;
  }

  /** Something of the snapshot before was come across; not what is in it. */
  addBefore({ type, size }: Pick<TreeNode, 'type' | 'size'>): void {
    if (type === 'dir') this.before.dirs++;
    if (type !== 'file') return;
    this.before.files++;
    this.before.bytes += size;
  }

  /** What a snapshot holds that goes on from one of `base`. */
  since(base: Totals): Totals {
    const { files, bytes, dirs } = this.before;
    return {
      files: base.files - files + this.files,
      bytes: base.bytes - bytes + this.bytesProcessed,
      dirs: base.dirs - dirs + this.dirsNew + this.dirsChanged + this.dirsUnmodified,
    };
  }

  /** A directory is done; `previous` is its tree in the parent snapshot. */
  addDirectory(previous: BlobId | undefined, tree: BlobId): void {
    if (previous === undefined) this.dirsNew++;
    else if (previous === tree) this.dirsUnmodified++;
    else this.dirsChanged++;
  }
}

/** Tells which of the paths that were named bring no file. None lies in another. */
export class BarePaths {
  readonly #counts: ArchiveCounts;
  readonly #tell: ((path: string, why: BareReason) => void) | undefined;
  #before = { found: 0, excluded: 0, unreadable: 0 };

  constructor(counts: ArchiveCounts, tell: ((path: string, why: BareReason) => void) | undefined) {
    this.#counts = counts;
    this.#tell = tell;
  }

  /** A directory that was named begins. */
  enter(): void {
    const { found, excluded, unreadable } = this.#counts;
    this.#before = { found, excluded, unreadable };
  }

  /** It ends. What could not be read is told already. */
  leave(path: Bytes): void {
    const { found, excluded, unreadable } = this.#counts;
    if (found > this.#before.found || unreadable > this.#before.unreadable) return;
    this.skip(path, excluded > this.#before.excluded ? 'emptied' : 'empty');
  }

  /** All of it is left out. */
  skip(path: Bytes, why: BareReason): void {
    this.#tell?.(pathText(path), why);
  }
}

/**
 * Lets one task wait until something has changed, and look again: `while (!done()) await changes.next()`.
 * After a failure everybody who waits, or begins to, gets that failure.
 */
export class Changes {
  #waiting = Promise.withResolvers<void>();
  #failure: { readonly error: unknown } | undefined;

  /** Resolves at the next {@link notify}. */
  async next(): Promise<void> {
    this.throwIfFailed();
    await this.#waiting.promise;
    this.throwIfFailed();
  }

  notify(): void {
    this.#waiting.resolve();
    this.#waiting = Promise.withResolvers();
  }

  /** The first failure counts. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.notify();
  }

  throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
