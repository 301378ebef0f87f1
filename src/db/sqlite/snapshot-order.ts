/** Which database, and where the copy goes. */
export interface SnapshotOrder {
  readonly path: string;
  /** A file that is not there yet; made for its owner alone. */
  readonly target: string;
}
