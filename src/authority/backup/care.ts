import type { LogMirror, Mirroring } from '../mirror/index.ts';
import type { Sealing } from '../sealed/index.ts';
import type { BackupPlace } from './backup-place.ts';

/** What the settings of this machine ask of an authority's upkeep. */
export interface Care {
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

export interface ScheduledBackups {
  readonly place: BackupPlace;
  readonly everyMs: number;
  /** How many are kept there; the oldest go. */
  readonly keep: number;
}

/** Nothing but what is always done. */
export const noCare: Care = { mirrors: [] };

/** What an authority is backed up with, and its backups are tried out with. */
export interface BackingUp extends Sealing, Mirroring {
  readonly care: Care;
  /** Whom backups are encrypted to, that nobody chooses a password for (age). */
  readonly recoveryRecipient: string;
}
