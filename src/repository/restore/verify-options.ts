import type { StoredSnapshot } from '../stored-snapshot.ts';

/** How a snapshot is compared with what is on disk. */
export interface VerifyOptions {
  /** Compare only what is new since this earlier snapshot. */
  readonly parent?: Pick<StoredSnapshot, 'tree'>;
  /** Where the snapshot was restored to; the original places otherwise. There, no file counts as changed since. */
  readonly restoredTo?: string;
  /** Patterns as restic's `--include`; everything when there are none. */
  readonly include?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly files: number; readonly bytes: number }) => void;
  /** What is the matter with something in `different`, or with a directory that cannot be read. */
  readonly onProblem?: (problem: { readonly path: string; readonly message: string }) => void;
}

/** What a comparison found. */
export interface VerifySummary {
  /** Files read back and compared. */
  readonly files: number;
  /** Files whose size, mtime or ctime are no longer those that were saved: read back, but not compared. */
  readonly changed: number;
  /** Bytes of content read back. */
  readonly bytes: number;
  /** Whether everything could be read back, and every file that was compared is equal. */
  readonly equal: boolean;
  /** Paths, as `pathText` shows them, of what is not equal or cannot be read back. */
  readonly different: readonly string[];
}
