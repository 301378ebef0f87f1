/** How a snapshot is restored. */
export interface RestoreOptions {
  /** The directory that everything lands in, under its full original path. Made when it is not there. */
  readonly target: string;
  /** Patterns as restic's `--include`; everything when there are none. */
  readonly include?: readonly string[];
  /** Replace what is in the way; without it the target must be empty. */
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RestoreProgress) => void;
  readonly onProblem?: (problem: RestoreProblem) => void;
}

/** How far a restore is. */
export interface RestoreProgress {
  readonly files: number;
  readonly bytes: number;
}

/** Something that is not there or not as it was saved. */
export interface RestoreProblem {
  /** The path in the snapshot, as `pathText` shows it. */
  readonly path: string;
  readonly message: string;
}

/** What a restore did. */
export interface RestoreSummary {
  readonly files: number;
  readonly directories: number;
  /** Symlinks, devices, pipes, sockets, and further names of hard-linked files. */
  readonly others: number;
  /** Bytes of file content. */
  readonly bytes: number;
  /** How often `onProblem` was called: 0 when everything is as it was saved. */
  readonly problems: number;
  /** Packs that no index file lists which can be read; they were asked themselves. */
  readonly unlistedPacks: number;
}
