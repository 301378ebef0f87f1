import {
  type Bytes,
  equalBytes,
  type HoldfastError,
  isHoldfastError,
  type Log,
  secondMs,
} from '../base/index.ts';
import type { ProcessLock } from '../db/index.ts';
import type { JoinCode, SignedCheckpoint } from '../enrol/index.ts';
import { type Certificate, type Identity, parseCertificate, type SerialNumber } from '../pki/index.ts';
import type { TrustBundle } from '../trust/index.ts';
import { Backups } from './backup/index.ts';
import { Custody, Escrow } from './custody/index.ts';
import {
  BearerTokens,
  createJoinCode,
  type Enrolling,
  type EnrolOrder,
  enrolNode,
  type JoinCodeOrder,
  JoinCodes,
  type RenewOrder,
  renewNode,
} from './enrol/index.ts';
import { type Issued, IssuedBefore, IssuedCertificates, issueLocal, type LocalOrder } from './issue/index.ts';
import { type OutsideStatus, outsideWarnings, readAgain, readOutside } from './issuers/index.ts';
import {
  type AuditLog,
  Follower,
  type FollowerOptions,
  type LogKindName,
  RefusalCounter,
  RepeatedRefusals,
} from './log/index.ts';
import { Audit, Mirrors } from './mirror/index.ts';
import {
  Activity,
  Clients,
  Grants,
  Jobs,
  Nodes,
  Replications,
  Schedules,
  SentSets,
  StorageNodes,
} from './nodes/index.ts';
import { PolicyBook, ServerRoots, StoreRecord } from './policy/index.ts';
import { identityLabel, type Standing } from './records/index.ts';
import { Releases } from './releases/index.ts';
import { Requests } from './requests/index.ts';
import { type AskOutsideOptions, askOutside, Revocation } from './revocation/index.ts';
import {
  Checkpoints,
  checkClock,
  checkStanding,
  keepLastCheckpoint,
  revocationStatus,
} from './standing/index.ts';
import { type AuthorityStatus, maintain, readStatus, type Upkeep } from './upkeep/index.ts';
import { NetworkViews } from './views/index.ts';

/** What every decision of an authority is made with; each room says which part of it it needs. */
export interface AuthorityContext extends Enrolling, Upkeep {}

/** What an open authority is made of. */
export interface AuthorityParts {
  readonly context: AuthorityContext;
  readonly serverRoots: ServerRoots;
  readonly mirrors: Mirrors;
  readonly recoveryRecipient: string;
  readonly lock: ProcessLock;
}

/**
 * An authority that is open for writing, the only one on its home. It decides and records; what it answers was
 * committed before. Close it.
 */
export class Authority implements AsyncDisposable {
  readonly network: string;
  /** Increases with each restore from a backup. */
  readonly epoch: number;
  readonly statusAddress: string;
  /** Whom secrets are sealed to for the recovery kit (age). */
  readonly recoveryRecipient: string;
  readonly certificates: IssuedCertificates;
  readonly custody: Custody;
  readonly audit: Audit;
  readonly backups: Backups;
  readonly escrow: Escrow;
  readonly policy: PolicyBook;
  /** What machines are offered to run. */
  readonly releases: Releases;
  readonly requests: Requests;
  readonly joinCodes: JoinCodes;
  readonly bearerTokens: BearerTokens;
  readonly serverRoots: ServerRoots;
  readonly store: StoreRecord;
  /** Who is seen. */
  readonly nodes: Nodes;
  /** What clients may do with their repositories. */
  readonly clients: Clients;
  /** What clients are told to do. */
  readonly jobs: Jobs;
  /** The backup sets that clients are sent. */
  readonly sentSets: SentSets;
  /** What clients are told to do again and again. */
  readonly schedules: Schedules;
  /** Which nodes have copies of what others store. */
  readonly replications: Replications;
  /** Who may read what of whom. */
  readonly grants: Grants;
  /** What clients store and do. */
  readonly activity: Activity;
  /** Where clients may back up to beside the server. */
  readonly storageNodes: StorageNodes;
  /** What storage nodes go by. */
  readonly views: NetworkViews;
  /** Copies of the log outside this home. */
  readonly mirrors: Mirrors;
  readonly revocation: Revocation;
  readonly log: AuditLog;
  readonly #context: AuthorityContext;
  readonly #before: IssuedBefore;
  readonly #checkpoints: Checkpoints;
  readonly #refusals: RefusalCounter;
  readonly #repeated: RepeatedRefusals;
  readonly #lock: ProcessLock;
  #closing: Promise<void> | undefined;

  constructor({ context, serverRoots, mirrors, recoveryRecipient, lock }: AuthorityParts) {
    const { issuer, records, clock, log, epoch } = context;
    this.network = issuer.network;
    this.epoch = epoch;
    this.statusAddress = issuer.statusAddress;
    this.recoveryRecipient = recoveryRecipient;
    this.certificates = new IssuedCertificates(records, clock);
    this.custody = new Custody(context);
    this.audit = new Audit(context);
    this.backups = new Backups(context);
    this.escrow = new Escrow(context);
    this.policy = new PolicyBook(context);
    this.joinCodes = new JoinCodes(context);
    this.bearerTokens = new BearerTokens(context);
    this.serverRoots = serverRoots;
    this.releases = new Releases(context, () => this.trustBundle);
    this.store = new StoreRecord(context);
    this.nodes = new Nodes(context);
    this.clients = new Clients(context);
    this.jobs = new Jobs(context);
    this.sentSets = new SentSets(context);
    this.schedules = new Schedules(context);
    this.replications = new Replications(context);
    this.grants = new Grants(context);
    this.activity = new Activity(context);
    this.storageNodes = new StorageNodes(context);
    this.views = new NetworkViews(context, this);
    this.mirrors = mirrors;
    this.revocation = new Revocation(context);
    this.log = log;
    this.#context = context;
    this.#before = new IssuedBefore(context);
    this.#checkpoints = new Checkpoints(context);
    this.#refusals = new RefusalCounter(log, clock);
    this.#repeated = new RepeatedRefusals(log, clock);
    this.requests = new Requests(context, this.#refusals);
    this.#lock = lock;
  }

  /** Whom the nodes of this network trust. */
  get trustBundle(): TrustBundle {
    return this.serverRoots.bundle;
  }

  /** The root, as it is now: its certificate may be another one for the same key. */
  get root(): Certificate {
    return this.#context.issuer.root.certificate;
  }

  /** Every certificate that the key of the root has had, the present one first: join codes name one of them. */
  async roots(): Promise<Certificate[]> {
    const { records } = this.#context;
    const known = (await records.outside.list()).map(({ certificate }) => parseCertificate(certificate));
    return [this.root, ...known.filter(({ spki }) => equalBytes(spki, this.root.spki))];
  }

  /** What goes with a certificate that is issued now, DER. */
  get chain(): readonly Bytes[] {
    return this.#context.issuer.above;
  }

  /** The issuing certificate that signs now. */
  get issuing(): Certificate {
    return this.#context.issuer.issuing.certificate;
  }

  /** The certificates above the root, where another authority signed it: the next one first, one that signed itself last. */
  outside(): Promise<Certificate[]> {
    const { records, issuer } = this.#context;
    return readOutside(records, issuer.root.certificate);
  }

  /** What is known of whether authorities outside have revoked the root, or one above it; none for a root that signed itself. */
  get outsideStatuses(): readonly OutsideStatus[] {
    return this.#context.issuer.outside ?? [];
  }

  /** What is to be said of that, in sentences. */
  outsideWarnings(): string[] {
    const { issuer, present, clock } = this.#context;
    return outsideWarnings(issuer, { mode: present.policy.outsideRevocation, nowMs: clock.now() });
  }

  /** Asks them, when that is due. See {@link askOutside}. */
  askOutside(options: AskOutsideOptions): Promise<void> {
    return askOutside(this.#context, options);
  }

  /** In DER, the certificates that have ever signed for nodes, the newest first. */
  get issuings(): readonly Bytes[] {
    return this.#context.issuer.issuings.map(({ certificate }) => certificate.der);
  }

  /** Whether it may work. */
  get standing(): Standing {
    return this.#context.present.state.standing;
  }

  /** Refuses while it may not. @throws HoldfastError `authority_restored`, `authority_superseded`, `authority_retired` */
  checkStanding(): void {
    checkStanding(this.#context);
  }

  /**
   * The time by which something arrives here or is removed, milliseconds since 1970: that of the clock, and never earlier than
   * the log says that it was. A clock that is wrong makes a lock longer and not shorter.
   */
  time(): number {
    const { present, clock } = this.#context;
    return Math.max(clock.now(), present.head.atMs, present.state.clock_wall ?? 0);
  }

  /** Refuses while the clock of this machine is wrong. @throws HoldfastError `clock_wrong` */
  checkClock(): void {
    checkClock(this.#context);
  }

  /** Makes a join code. Errors: see {@link createJoinCode}. */
  createToken(order: JoinCodeOrder): Promise<JoinCode> {
    return createJoinCode(this.#context, order);
  }

  /** The certificate that a label in addresses of certificates means (`root-1`, `issuing-1`), of any generation. */
  async issuerCertificate(label: string): Promise<Certificate | undefined> {
    const row = await this.#context.records.issuers.find(label);
    return row && parseCertificate(row.certificate);
  }

  /** Whether `enrol` is to answer at all: a join code has not expired, be it that its answer was lost and is asked again. */
  hasLiveJoinCode(): boolean {
    const { present, clock } = this.#context;
    return present.lastJoinCodeEndMs !== undefined && clock.now() <= present.lastJoinCodeEndMs;
  }

  /** Issues for a join code. Errors: see {@link enrolNode}. A refusal is recorded, or counted when anybody could cause it. */
  async enrol(order: EnrolOrder): Promise<Issued> {
    try {
      return await enrolNode(this.#context, order);
    } catch (error) {
      if (isHoldfastError(error, ...refusalsOfCodeHolders)) await this.#recordRefusal(order.from, error);
      else if (isHoldfastError(error, ...refusalsOfStrangers, ...refusalsOfAll))
        await this.countRefusal(error);
      throw error;
    }
  }

  /**
   * Issues the next certificate of a node. Errors: see {@link renewNode}, and `authority_superseded` when the node was
   * shown more than this authority knows.
   */
  async renew({ checkpoint, ...order }: RenewOrder): Promise<Issued> {
    if (checkpoint !== undefined) await this.#checkpoints.check(checkpoint, identityLabel(order.identity));
    await this.#before.settled();
    try {
      return await renewNode(this.#context, order);
    } catch (error) {
      if (isHoldfastError(error, ...refusalsOfNodes))
        await this.#recordRefusal(identityLabel(order.identity), error);
      else if (isHoldfastError(error, ...refusalsOfAll)) await this.countRefusal(error);
      throw error;
    }
  }

  /** Issues for this machine itself. Errors: see {@link issueLocal}. */
  issueLocal(order: LocalOrder): Promise<Issued> {
    return issueLocal(this.#context, order);
  }

  /**
   * Whether a certificate of this number was issued here and neither it nor its issuer is revoked. Answered from what
   * is committed, for the peer gate, without waiting for anything; nothing is kept that could be out of date. One whose chain was verified comes as a whole, DER, and has to be the very one that was issued: or one from before a
   * restore from keys alone.
   */
  async isGood(serial: SerialNumber, der?: Bytes): Promise<boolean> {
    const status = await revocationStatus(this.#context, serial, der);
    if (status === 'unknown' && der !== undefined) return await this.#before.takes(der);
    return status === 'good';
  }

  /**
   * Whether a certificate is good for its own renewal and nothing else: it was issued here and is not revoked, but its
   * issuer is. Nobody who stole the key of an issuer has that of a node.
   */
  async isRenewable(serial: SerialNumber, der: Bytes): Promise<boolean> {
    return (await revocationStatus(this.#context, serial, der)) === 'issuer revoked';
  }

  /** How far the log has come, signed; goes out with every certificate. */
  checkpoint(): SignedCheckpoint {
    return this.#checkpoints.sign();
  }

  /** Whether a checkpoint claims more than is known here; who signed it is not looked at. */
  knowsLessThan(signed: SignedCheckpoint): boolean {
    return this.#checkpoints.isBehind(signed);
  }

  /**
   * Listens to a checkpoint that somebody shows, whoever that is: its signature alone counts. `shown` is whom a path to our
   * root names, and what issued that certificate.
   * @throws HoldfastError `authority_superseded`: this authority has stopped for ever
   */
  async hear(
    signed: SignedCheckpoint,
    shown?: { readonly identity: Identity; readonly issuing?: Certificate | undefined },
  ): Promise<void> {
    const by = shown === undefined ? 'somebody' : identityLabel(shown.identity);
    await this.#checkpoints.check(signed, by, shown?.issuing);
  }

  /** Counts a refusal of somebody who could not say who they are. */
  countRefusal({ code }: Pick<HoldfastError, 'code'>): Promise<void> {
    return this.#refusals.count(code);
  }

  /** Keeps that somebody was refused at the gate: one of ours by name and address, others as a number. */
  async noteRefusal(
    error: HoldfastError,
    who?: { readonly identity: Identity; readonly from: string },
  ): Promise<void> {
    if (who === undefined) return await this.countRefusal(error);
    const message = `${error.message}, from ${who.from}`;
    await this.#recordRefusal(identityLabel(who.identity), { code: error.code, message });
  }

  /** How things are; `kitPath` is where the recovery kit still lies, when it does. */
  async status(options: { readonly kitPath?: string | undefined } = {}): Promise<AuthorityStatus> {
    const mirrors = this.mirrors.configured ? await this.mirrors.flush(secondMs) : [];
    return await readStatus(this.#context, {
      ...options,
      mirrors,
      waitingRefusals: this.#repeated.waiting,
      countedRefusals: this.#refusals.waiting,
    });
  }

  /** Does what is due now and then: to be called every few seconds while a server runs, and at its start. */
  async maintain(log: Log): Promise<void> {
    const recordRefusals = async (): Promise<void> => {
      await this.#repeated.flush('due');
      await this.#refusals.flush('due');
    };
    const makeDueBackup = (): Promise<void> => this.backups.makeDue(log);
    const renewRelease = (): Promise<void> => this.releases.renewWhenDue(log);
    const endLostJobs = (): Promise<void> => this.jobs.endLost();
    const startDueJobs = (): Promise<void> => this.schedules.startDue(log);
    const more = [recordRefusals, makeDueBackup, renewRelease, endLostJobs, startDueJobs];
    await maintain(this.#context, log, more);
  }

  /** Tells the records of some kinds, those from now on, until it is closed. See {@link Follower}. */
  follow<Name extends LogKindName>(options: Omit<FollowerOptions<Name>, 'from'>): Follower<Name> {
    const { records, present } = this.#context;
    return new Follower(records, { ...options, from: present.head.sequence });
  }

  /** Works from now on with the issuing certificates and the roots from elsewhere that are on record by now. */
  async readAgain(): Promise<void> {
    await readAgain(this.#context);
    await this.serverRoots.readAgain();
  }

  /** Once: who closes it again waits for the same. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    try {
      await this.#before.settled();
      await this.backups.close();
      await this.releases.close();
      await this.#refusals.flush('all');
      await this.#repeated.flush('all');
      await keepLastCheckpoint(this.#context);
      if (this.mirrors.configured && !this.#context.looks) await this.mirrors.flush(lastFlushMs);
      this.mirrors.close();
    } finally {
      await this.#context.certificateSigner.close();
      await this.revocation.close();
      this.#context.present.stop();
      await this.#context.records.close();
      this.#lock.release();
    }
  }

  async #recordRefusal(by: string, error: Pick<HoldfastError, 'code' | 'message'>): Promise<void> {
    if (!(await this.#repeated.record(by, error))) await this.countRefusal(error);
  }
}

/** How long the end of a process waits for the mirrors of the log. */
const lastFlushMs = 5 * secondMs;

/** What anybody can cause who knows an address, or an old code. */
const refusalsOfStrangers = [
  'join_code_unknown',
  'join_code_used',
  'join_code_expired',
  'join_code_revoked',
  'request_malformed',
  'request_signature_invalid',
  'key_unsupported',
  'key_malformed',
] as const;

/** What whoever holds a join code asked for and may not have. */
const refusalsOfCodeHolders = [
  'name_taken',
  'request_not_allowed',
  'name_not_permitted',
  'key_weak',
  'signature_unsupported',
  'lint_failed',
] as const;

/** What a node can cause, which is known by name. */
const refusalsOfNodes = [
  'node_quarantined',
  'request_not_allowed',
  'certificate_revoked',
  'certificate_not_allowed',
  'name_not_permitted',
  'key_weak',
  'key_unsupported',
  'signature_unsupported',
  'lint_failed',
] as const;

/** What is refused to everybody while it lasts, however often they come back. */
const refusalsOfAll = [
  'clock_wrong',
  'issuer_ending',
  'issuer_revoked',
  'root_revoked',
  'root_unproven',
] as const;
