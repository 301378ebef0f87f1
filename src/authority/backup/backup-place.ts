/** Where backups are kept under names of their own: a directory of this machine, or something beyond it. */
export type BackupPlace = BackupDirectory | RemotePlace;

export interface BackupDirectory {
  readonly kind: 'directory';
  readonly path: string;
}

/** A place that files are sent to and fetched from, whole or not at all. */
export interface RemotePlace {
  readonly kind: 'remote';
  /** How people call it; without any password. */
  readonly name: string;
  /** Sends the file at `path`. */
  store(name: string, path: string): Promise<void>;
  /** Writes what is kept under `name` into a new file at `path`; more than `maxBytes` is refused. */
  fetch(name: string, path: string, maxBytes: number): Promise<void>;
  /** Does nothing when there is none. */
  remove(name: string): Promise<void>;
}

/** How a place is called in records and messages. */
export function placeName(place: BackupPlace): string {
  return place.kind === 'directory' ? place.path : place.name;
}
