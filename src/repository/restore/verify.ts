import type { Repository } from '../repository.ts';
import type { StoredSnapshot } from '../snapshot-list.ts';
import { readContent } from './content-reader.ts';
import { Verifier } from './verifier.ts';

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

/**
 * Reads every file of a snapshot back from the store, checks and decrypts it, and compares it with the file on disk as it
 * streams. Writes nothing anywhere, and touches no access time that it can help.
 */
export async function verify(
  repository: Repository,
  snapshot: Pick<StoredSnapshot, 'tree'>,
  options: VerifyOptions = {},
): Promise<VerifySummary> {
  const index = await repository.loadIndex(options.signal ? { signal: options.signal } : {});
  const verifier = new Verifier(options);
  const files = verifier.prepare(repository, snapshot.tree);
  await readContent(repository, files, { index, sink: verifier, signal: options.signal });
  return verifier.summary();
}
