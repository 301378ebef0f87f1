import type { KeyObject } from 'node:crypto';
import type { Authority, BackupPlace } from '../authority/index.ts';
import type { Bytes, Clock, HoldfastError } from '../base/index.ts';
import type { Certificate } from '../pki/index.ts';
import type { ListenerPolicy } from '../policy/index.ts';

/** A listener as `status` shows it. */
export interface ListenerView {
  readonly name: string;
  readonly url: string;
  readonly services: readonly string[];
  readonly clientCertificate: string;
  /** Of TLS; undefined for a plain one. */
  readonly minimumVersion?: string;
  /** Of key exchange, in their order; undefined for a plain one. */
  readonly groups?: readonly string[];
  /** What is weaker than the default, in sentences; empty when nothing is. */
  readonly weaker: readonly string[];
}

/** Somebody whom a listener let in by a bearer token though it asked for a certificate, as `status` shows it. */
export interface LetInView {
  readonly listener: string;
  /** `client/laptop` */
  readonly by: string;
  /** What was wrong with the certificate: `certificate_required` where there was none. */
  readonly cause: string;
  /** Connections. */
  readonly times: number;
  readonly first: Date;
  readonly last: Date;
}

/** Where repositories are kept, as `status` shows it and as somebody can answer for it. */
export interface StoreView {
  readonly directory: string;
  /** Why nothing is stored or given out; undefined when all is well. */
  problem(): Promise<HoldfastError | undefined>;
  /** Takes what is at its place for the store from now on; says what that was, or undefined when it was the store already. */
  accept(order: { readonly reason: string; readonly by: string }): Promise<string | undefined>;
}

/** Which trash is meant: of all clients where nothing is said. */
export interface TrashOrder {
  readonly client?: string | undefined;
  /** A further repository of that client; all of its repositories where it is left out. */
  readonly repository?: string | undefined;
}

/** What was removed from one repository on one day, and rests. */
export interface TrashGroup {
  readonly client: string;
  readonly repository?: string;
  /** The beginning of the day (UTC). */
  readonly removedOn: Date;
  readonly snapshots: number;
  /** Snapshots, packs, indexes and keys. */
  readonly objects: number;
  readonly bytes: number;
  /** When the last of it can be emptied. */
  readonly lockedUntil: Date;
  /** When the last of it goes by itself. */
  readonly goesAt: Date;
}

/** What came back from the trash, and what went there. */
export interface TrashRestored {
  readonly restored: number;
  readonly bytes: number;
  readonly putAside: number;
}

/** What went for good, or would. */
export interface TrashEmptied {
  readonly removed: number;
  readonly bytes: number;
  /** Of what was meant, what stays. */
  readonly kept: number;
}

/** What clients have removed, and what can be done about it. */
export interface TrashDesk {
  list(order: TrashOrder): Promise<TrashGroup[]>;
  /** Brings back all of a client, or makes its repositories as they were before a time. */
  restore(
    order: TrashOrder & { readonly client: string; readonly before?: Date | undefined; readonly by: string },
  ): Promise<TrashRestored>;
  /** Removes for good what is not locked; without `apply` it says what would go. */
  empty(
    order: TrashOrder & {
      readonly removedBefore?: Date | undefined;
      readonly apply: boolean;
      readonly by: string;
    },
  ): Promise<TrashEmptied>;
}

/** How the store of a server is read through, file by file. Times are milliseconds since 1970. */
export interface ScrubView {
  /** What is under way; undefined where nothing is. */
  readonly now:
    | {
        readonly began: number;
        readonly objects: number;
        readonly bytes: number;
        readonly damaged: number;
      }
    | undefined;
  /** The last time that every file was read. */
  readonly last:
    | { readonly began: number; readonly ended: number; readonly objects: number; readonly bytes: number }
    | undefined;
  /** Damaged, taken aside, and nobody has had a good one yet: `data/…` of `laptop`. */
  readonly waiting: readonly {
    readonly repository: string;
    readonly object: string;
    readonly found: number;
  }[];
  /** What was healed lately, and from where. */
  readonly healed: readonly {
    readonly repository: string;
    readonly object: string;
    readonly found: number;
    readonly healed: number;
    readonly by: string;
  }[];
}

/** How one copy of one repository is, at another node. Times are milliseconds since 1970. */
export interface CopyView {
  readonly repository: string;
  readonly node: string;
  readonly looked: number;
  /** When it last had everything; undefined where it never did. */
  readonly whole: number | undefined;
  /** What it lacks, and since when the first of it waits. */
  readonly lag: { readonly objects: number; readonly bytes: number; readonly since: number | undefined };
  /** Damaged here, and something else there. */
  readonly damaged: number;
  readonly unequal: number;
  /** Why it could not be made last. */
  readonly problem: string | undefined;
  /** Nothing leaves it, since most was lost here at once. */
  readonly isHalted: boolean;
}

/** Copies of what this node stores, at others. */
export interface ReplicaDesk {
  status(): Promise<readonly CopyView[]>;
  /** Compares everything now; with `acceptsLoss` what was lost at once is meant to be. */
  run(order: { readonly acceptsLoss: boolean }): Promise<readonly CopyView[]>;
}

/** Reads the store through. */
export interface ScrubDesk {
  status(): Promise<ScrubView>;
  /** Reads every file anew, as fast as the disk does; where no server runs, to the end before this resolves. */
  start(): Promise<ScrubView>;
}

/** A certificate from elsewhere that the server shows; nobody renews it but whoever bound it. */
export interface BoundCertificate {
  /** `host vault.example`, `listener open`. */
  readonly target: string;
  /** ISO 8601. */
  readonly notAfter: string;
  readonly state: 'good' | 'ending' | 'ended';
}

/** A certificate from elsewhere that is to be shown, and to whom: a host or a listener. */
export interface BindingOrder {
  readonly host?: string | undefined;
  readonly listener?: string | undefined;
  /** DER: the certificate, then each that signed the one before. */
  readonly chain: readonly Bytes[];
  /** DER: by which clients are to take it; none leaves them as they are. */
  readonly roots: readonly Bytes[];
  /** Its private key; the one of a request that was made here unless given. */
  readonly key?: KeyObject | undefined;
  readonly by: string;
}

/** What is shown now, and what of the names of the server it is for. */
export interface Bound {
  readonly target: BindingTarget;
  readonly leaf: Certificate;
  /** Names under which clients come to the target, and which it is not for. */
  readonly uncovered: readonly string[];
  /** Whether clients are configured with the target. */
  readonly isKnown: boolean;
  /** Listeners that go on showing what is bound to them alone. */
  readonly exceptions: readonly string[];
  /** Listeners that show it to machines that join, which believe the network's own certificate alone. */
  readonly noJoining: readonly string[];
}

/** What a certificate from elsewhere is bound to. */
export interface BindingTarget {
  readonly kind: 'host' | 'listener';
  /** A host name or address, in lower case, the name of a listener, or `*` for all of them. */
  readonly name: string;
}

/** The certificates from elsewhere that the server shows for certain hosts and listeners. */
export interface ServerBindingDesk {
  list(): Promise<readonly BoundCertificate[]>;
  /** What the log says is shown for these, and is not in the keystore of this machine: `host vault.example`. */
  lost(): Promise<readonly string[]>;
  /** Checks all of an order before anything is changed, and has clients believe the roots for its hosts. */
  bind(order: BindingOrder): Promise<Bound>;
  /** The network's own is shown again, and clients forget the roots. */
  unbind(order: Pick<BindingOrder, 'host' | 'listener' | 'by'>): Promise<BindingTarget>;
}

/** What operations work on. */
export interface AdminContext {
  readonly authority: Authority;
  readonly clock: Clock;
  /** `host:port` of every enrolment listener, for join codes. */
  readonly enrolAddresses: readonly string[];
  /** The running server's listeners; empty when none runs. */
  readonly listeners: readonly ListenerView[];
  /** The listeners of this server as its settings have them. */
  readonly listenerSettings: readonly ListenerPolicy[];
  /** Who came to the running server in the last day without a good certificate, and was let in; nobody where none runs. */
  readonly letIn: () => readonly LetInView[];
  /** Has the running server get another certificate when its own is due, or not good any more; nothing where none runs. */
  readonly renewServer: () => Promise<void>;
  readonly store: StoreView;
  readonly trash: TrashDesk;
  readonly scrub: ScrubDesk;
  readonly replicas: ReplicaDesk;
  readonly bindings: ServerBindingDesk;
  /** Why the running server shows other certificates from elsewhere than are bound; nothing where none runs. */
  readonly bindingProblem: () => Error | undefined;
  /** Where the recovery kit was written, to see whether it is still there. */
  readonly recoveryKitPath: string;
  /** The place for backups that a text means: a directory, or a URL. */
  readonly backupPlace: (text: string) => BackupPlace;
}
