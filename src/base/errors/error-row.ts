/** How a command ends that failed so: which of its exit codes. */
export type ErrorKind =
  | 'failed'
  | 'usage'
  | 'repositoryMissing'
  | 'repositoryLocked'
  | 'wrongKey'
  | 'connection'
  | 'certificate'
  | 'name'
  | 'refused'
  | 'interrupted';

/** All that is said of one code, once: the reference, the exit code, the HTTP status and the next step are views of it. */
export interface ErrorRow {
  /** What happened, in the words of the reference (Markdown). */
  readonly happened: string;
  /** What to do about it, where the error does not say it itself. */
  readonly next: string;
  /** `failed` where nothing is said. */
  readonly kind?: ErrorKind;
  /** The HTTP status by which a peer gets it; 500, which tells it nothing, where nothing is said. */
  readonly status?: number;
  /**
   * What may be gone when the same is tried again: no connection, one that broke, a server that says it cannot answer
   * now. All else is final: a certificate that is refused, either side's, a request that is, an answer that is none.
   */
  readonly passing?: true;
  /**
   * How far what was asked had come when it failed, where the code says it: `nobody` has heard it, so that it is not done
   * and may be asked of another; or the line broke while it was under way, and it `may be done`.
   */
  readonly heard?: 'nobody' | 'may be done';
  /** Whether a mistake in an address that was typed looks so too: an address that was good before is tried again. */
  readonly mistypedPerhaps?: true;
  /** Whether one whose chain ends in our authority is told that this is why it was refused: it is one of us and can mend it. */
  readonly toldAtGate?: true;
}
