import type { Bytes } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import type { SnapshotSummary } from '../format/snapshot.ts';
import type { StoredSnapshot } from '../stored-snapshot.ts';
import type { Origin } from '../this-machine.ts';

/** What to back up, and whom to tell. */
export interface ArchiveOptions extends Partial<Origin> {
  /** Absolute, raw. */
  readonly paths: readonly Bytes[];
  /** Patterns as restic's `--exclude`. */
  readonly excludes?: readonly string[];
  /** Of a directory with a valid CACHEDIR.TAG, save the directory and its tag only, unless it is one of the paths. */
  readonly excludeCaches?: boolean;
  /** Directories that are never part of a backup. */
  readonly forbidden?: readonly Bytes[];
  readonly tags?: readonly string[];
  /** Packs that are known not to be as they were written: what is in them is stored again. */
  readonly damagedPacks?: readonly ObjectId[];
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
 * Why no file of a path that was named is saved: it is a directory that is never saved, the patterns leave it out, or leave
 * out all that is in it, or there is none.
 */
export type BareReason = 'forbidden' | 'excluded' | 'emptied' | 'empty';

/** How far a backup has come. */
export interface ArchiveProgress {
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
  /** The snapshot it was compared with. */
  readonly parent: ObjectId | undefined;
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
