import type { Authority, BackupPlace } from '../authority/index.ts';
import type { Clock, HoldfastError } from '../base/index.ts';

/** A listener as `status` shows it. */
export interface ListenerView {
  readonly name: string;
  readonly url: string;
  readonly services: readonly string[];
  readonly clientCertificate: string;
  /** What is weaker than the default, in sentences; empty when nothing is. */
  readonly weaker: readonly string[];
}

/** Where repositories are kept, as `status` shows it and as somebody can answer for it. */
export interface StoreView {
  readonly directory: string;
  /** Why nothing is stored or given out; undefined when all is well. */
  problem(): Promise<HoldfastError | undefined>;
  /** Takes what is at its place for the store from now on; says what that was, or undefined when it was the store already. */
  accept(order: { readonly reason: string; readonly by: string }): Promise<string | undefined>;
}

/** A certificate from elsewhere that the server shows; nobody renews it but whoever bound it. */
export interface BoundCertificate {
  /** `host vault.example`, `listener open`. */
  readonly target: string;
  /** ISO 8601. */
  readonly notAfter: string;
  readonly state: 'good' | 'ending' | 'ended';
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
  readonly store: StoreView;
  /** What the server's keystore has to show by now for certain hosts and listeners. */
  readonly bound: () => Promise<readonly BoundCertificate[]>;
  /** Where the recovery kit was written, to see whether it is still there. */
  readonly recoveryKitPath: string;
  /** The place for backups that a text means: a directory, or a URL. */
  readonly backupPlace: (text: string) => BackupPlace;
}
