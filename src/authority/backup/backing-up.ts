import type { LogMirror, Mirroring } from '../mirror/index.ts';
import type { Sealing } from '../sealed/index.ts';

/** Where backups are kept under names of their own: a directory of this machine, or something beyond it. */
export type BackupPlace = BackupDirectory | RemotePlace;

interface BackupDirectory {
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

/** What the settings of this machine ask of an authority's upkeep. */
export interface UpkeepSettings {
  /** The settings file, which goes into backups; absent where there is none. */
  readonly settingsFile?: string;
  /** Where `init` writes the recovery kit, whether it is still there or not. */
  readonly recoveryKit?: string;
  /** Where the log is mirrored to. */
  readonly mirrors: readonly LogMirror[];
  /** Backups that are made by themselves. */
  readonly backups?: ScheduledBackups;
  /** How often the newest backup is rehearsed by itself. */
  readonly rehearseEveryMs?: number;
}

interface ScheduledBackups {
  readonly place: BackupPlace;
  readonly everyMs: number;
  /** How many are kept there; the oldest go. */
  readonly keep: number;
}

/** Nothing but what is always done. */
export const noUpkeepSettings: UpkeepSettings = { mirrors: [] };

/** What an authority is backed up with, and its backups are tried out with. */
export interface BackingUp extends Sealing, Mirroring {
  readonly upkeep: UpkeepSettings;
  /** Whom backups are encrypted to, that nobody chooses a password for (age). */
  readonly recoveryRecipient: string;
}
