import type { ErrorCode, ErrorKinds } from '../base/index.ts';
import type { AnswerOf, exitCode } from '../cli/index.ts';

/** What each call gives: what the command of that name prints with `--json`. */
export type JoinResult = AnswerOf<'join'>;
export type BackupResult = AnswerOf<'backup'>;
export type RestoreResult = AnswerOf<'restore'>;
export type CheckResult = AnswerOf<'check'>;
export type Snapshot = AnswerOf<'snapshots'>[number];
export type FileEntry = AnswerOf<'ls'>;
/** The exit code of the command line for each kind of failure. */
type ExitCodes = typeof exitCode;

// What follows stands in the declarations of the package as it is here; what is above is made there from the same tables.

/** A backup of which a snapshot is kept. */
export type KeptBackup = BackupResult & { readonly snapshot: string };

/** What every call takes. */
export interface CallOptions {
  /** Ends the call: it fails with `interrupted` and leaves nothing half-done. */
  readonly signal?: AbortSignal | undefined;
  /** Is told, in a sentence, what somebody should look at and what failed nothing. */
  readonly onWarning?: ((sentence: string) => void) | undefined;
}

/** How far a call has come. */
export interface Progress {
  readonly files: number;
  readonly bytes: number;
  /** All that is to be done; 0 while that is not known. */
  readonly totalBytes: number;
}

/** Of a call that takes long. */
export interface LongCallOptions extends CallOptions {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Which machine: its home directory. */
export interface HomeOptions {
  /** `HOLDFAST_HOME` unless said, else the place that the command line uses. */
  readonly home?: string | undefined;
}

/** How a machine joins. */
export interface JoinOptions extends HomeOptions, CallOptions {
  /** Which of the names of the code's pattern: the host name unless said. */
  readonly name?: string | undefined;
}

/** Which repository: this machine's own at its server, unless one is named. */
export interface RepositoryOptions {
  /** A folder, or `https://HOST:PORT/PATH` of a repository at a server. */
  readonly repository?: string | undefined;
  /** The file with its password, where this machine has no key of it. */
  readonly passwordFile?: string | undefined;
}

/** How a machine is opened, for all calls that follow. */
export interface OpenOptions extends HomeOptions, RepositoryOptions {}

export interface BackupOptions extends LongCallOptions {
  /** Words that mark the snapshot. */
  readonly tags?: readonly string[] | undefined;
  /** Patterns of what is left out, as restic matches. */
  readonly excludes?: readonly string[] | undefined;
  /** Leaves folders out that are tagged as caches, which is so unless said. */
  readonly excludeCaches?: boolean | undefined;
  /** Makes the repository that was named when there is none; one's own is made by itself. */
  readonly create?: boolean | undefined;
}

/** Which snapshots, where several hosts and folders share a repository. */
export interface SnapshotFilter {
  /** Of this host, or of one of these. */
  readonly host?: string | readonly string[] | undefined;
  /** Of all of these folders. */
  readonly paths?: readonly string[] | undefined;
  /** With all words of one of these, each separated by commas. */
  readonly tags?: readonly string[] | undefined;
}

export interface ListOptions extends CallOptions, SnapshotFilter {
  /** Only this folder and what is below it, by its full original path. */
  readonly directory?: string | undefined;
}

export interface RestoreOptions extends LongCallOptions, SnapshotFilter {
  /** Where files go, each under its full original path. */
  readonly target: string;
  /** Patterns: only what matches. */
  readonly includes?: readonly string[] | undefined;
  /** Goes ahead when the target holds files; what becomes of them: `true` is `always`. */
  readonly overwrite?: boolean | 'always' | 'if-changed' | 'if-newer' | 'never' | undefined;
  /** Reads the restored files again and compares them with the snapshot. */
  readonly verify?: boolean | undefined;
}

export interface VerifyOptions extends LongCallOptions {
  /** Reads every pack and verifies every blob in it, which is so unless said; else the structure alone. */
  readonly readData?: boolean | undefined;
}

/** How the connection to the server is protected. */
export interface Dialed {
  /** `https://HOST:PORT` */
  readonly server: string;
  /** `TLS 1.3` */
  readonly protocol: string;
  readonly cipher: string;
  /** The key exchange. */
  readonly group: string;
  /** The certificates of this machine and of the server. */
  readonly own: PresentedCertificate;
  readonly theirs: PresentedCertificate | undefined;
}

export interface PresentedCertificate {
  readonly subject: string;
  /** SHA-256 of its DER. */
  readonly fingerprint: string;
  /** ISO 8601, UTC. */
  readonly notAfter: string;
}

/** A machine of a network, and its repository. */
export interface Client {
  /** Connects to the first server of this machine that answers and proves to be one; renews what is due. */
  dial(options?: CallOptions): Promise<Dialed>;
  /** Saves files and folders in a new snapshot. What could not be read is counted in `unreadable`, and each told as a warning. */
  backup(paths: string | readonly string[], options?: BackupOptions): Promise<KeptBackup>;
  /** Snapshots, the oldest first. */
  snapshots(options?: CallOptions & SnapshotFilter): Promise<readonly Snapshot[]>;
  /** The files of a snapshot as they come: its id, the first digits of that, `latest` or `latest~2`; `latest:/home` is a folder of it. */
  list(snapshot: string, options?: ListOptions): AsyncIterable<FileEntry>;
  /** Brings files back. Fails with `restore_incomplete` when some could not be. */
  restore(snapshot: string, options: RestoreOptions): Promise<RestoreResult>;
  /** Checks the repository. Fails with `repository_damaged` when anything is wrong. */
  verify(options?: VerifyOptions): Promise<CheckResult>;
}

/** What calls found that failed all the same: the result they would have given. */
interface Payloads {
  readonly restore_incomplete: { readonly result: RestoreResult };
  readonly repository_damaged: {
    readonly result: CheckResult | RestoreResult | readonly Snapshot[] | undefined;
  };
}

/** A failure of one code, with what is known of that code. */
export type FailureOf<Code extends ErrorCode> = {
  readonly code: Code;
  readonly kind: ErrorKinds[Code];
  /** What a command ends with that fails so. */
  readonly exitCode: ExitCodes[ErrorKinds[Code]];
  /** What was found against what was expected. */
  readonly message: string;
  /** The next step. */
  readonly hint: string;
} & (Code extends keyof Payloads ? Payloads[Code] : unknown);

/** Every expected failure, told apart by `code`. */
export type Failure = { [Code in ErrorCode]: FailureOf<Code> }[ErrorCode];

/** Makes this machine the node that a join code names. */
export type Join = (code: string, options?: JoinOptions) => Promise<JoinResult>;
/** Opens the home of a machine that has joined. */
export type Open = (options?: OpenOptions) => Promise<Client>;
/** What an error that was caught says; undefined for what no call fails with by intention. */
export type ToFailure = (error: unknown) => Failure | undefined;
