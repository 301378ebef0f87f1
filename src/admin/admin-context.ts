import type { Authority, BackupPlace } from '../authority/index.ts';
import type { Clock } from '../base/index.ts';

/** A listener as `status` shows it. */
export interface ListenerView {
  readonly name: string;
  readonly url: string;
  readonly services: readonly string[];
  readonly clientCertificate: string;
  /** What is weaker than the default, in sentences; empty when nothing is. */
  readonly weaker: readonly string[];
}

/** What operations work on. */
export interface AdminContext {
  readonly authority: Authority;
  readonly clock: Clock;
  /** `host:port` of every enrolment listener, for join codes. */
  readonly enrolAddresses: readonly string[];
  /** The running server's listeners; empty when none runs. */
  readonly listeners: readonly ListenerView[];
  /** Has the running server read again which certificates are bound to what; nothing where none runs. */
  readonly reloadTls: () => Promise<void>;
  /** Has the running server get another certificate when its own is due, or not good any more; nothing where none runs. */
  readonly renewServer: () => Promise<void>;
  /** Where the recovery kit was written, to see whether it is still there. */
  readonly recoveryKitPath: string;
  /** The place for backups that a text means: a directory, or a URL. */
  readonly backupPlace: (text: string) => BackupPlace;
}
