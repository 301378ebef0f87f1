import { type Bytes, HoldfastError, isHoldfastError, mapInTurns } from '../../base/index.ts';
import type { RequestState } from '../../enrol/index.ts';
import {
  type Certificate,
  type CertificateRequest,
  type Name,
  parseCertificate,
  parseCertificateRequest,
  type Role,
} from '../../pki/index.ts';
import type { Enrolling, Judgement, LeftOut } from '../enrol/index.ts';
import { type Authorisation, leafSubject } from '../issue/index.ts';
import type { RefusalCounter } from '../log/index.ts';
import type { Records, RequestKind, RequestRow } from '../records/index.ts';
import { type ApproveOrder, approveRequest, denyRequest, judgeWaiting } from './decide-request.ts';
import { hashHandle, type Submitted } from './keep-request.ts';
import { type SubmitOrder, submitRequest } from './submit-request.ts';

/** A request as an administrator sees it. */
export interface RequestRecord {
  readonly id: number;
  readonly kind: RequestKind;
  readonly state: RequestState;
  readonly role: Role;
  readonly name: string;
  /** Who handed it in, and from where. */
  readonly askedBy: string;
  readonly askedFrom: string;
  readonly askedAt: Date;
  readonly expiresAt: Date;
  readonly request: CertificateRequest;
  /** Of the certificate that it renews. */
  readonly renews?: string;
  readonly decidedBy?: string;
  readonly decidedAt?: Date;
  readonly reason?: string;
  /** What it got. */
  readonly certificate?: Certificate;
  /** While it waits: what it asks for and would not get. */
  readonly leftOut: readonly LeftOut[];
}

/** A request that waits, with what approving it would issue. */
export interface RequestDetails extends RequestRecord {
  readonly wouldIssue?: Authorisation & { readonly subject: Name };
  /** What keeps it from being approved as it is. */
  readonly obstacle?: string;
}

/** What became of a request, for whoever follows it. */
export interface FollowedRequest {
  readonly state: RequestState;
  readonly role: Role;
  readonly name: string;
  readonly expiresAt: Date;
  /** Why it was denied. */
  readonly reason?: string;
  /** While it waits: what it asks for and would not get. */
  readonly leftOut?: readonly LeftOut[];
  /** Once approved: the leaf, then the issuing certificate. */
  readonly chain?: readonly Bytes[];
}

/** Which requests are listed: the newest unless a number says below which, of one state when it is given. */
export interface RequestPage {
  readonly state?: RequestState;
  readonly before?: number;
  readonly limit?: number;
}

const defaultLimit = 1000;

/** Requests for certificates: taken in, decided on, collected. */
export class Requests {
  readonly #context: Enrolling;
  readonly #refusals: RefusalCounter;

  constructor(context: Enrolling, refusals: RefusalCounter) {
    this.#context = context;
    this.#refusals = refusals;
  }

  /** Whether strangers may leave requests. */
  get areTaken(): boolean {
    return this.#context.present.policy.queue === 'on';
  }

  /** Takes a request in. Errors: see {@link submitRequest}; a stranger's refusal is counted. */
  async submit(order: SubmitOrder): Promise<Submitted> {
    try {
      return await submitRequest(this.#context, order);
    } catch (error) {
      if (order.by === undefined && isHoldfastError(error)) await this.#refusals.count(error.code);
      throw error;
    }
  }

  /** The newest requests, of one state when it is given. */
  async list({
    state,
    before = Number.MAX_SAFE_INTEGER,
    limit = defaultLimit,
  }: RequestPage = {}): Promise<RequestRecord[]> {
    const { records, clock } = this.#context;
    const rows = await records.requests.before(before, { state, limit, nowMs: clock.now() });
    const made = await mapInTurns(rows, (row) => this.#record(row));
    return await Promise.all(made);
  }

  /** One request, with what approving it would do. @throws HoldfastError `request_unknown` */
  async show(id: number): Promise<RequestDetails> {
    const { records, clock } = this.#context;
    const row = await records.requests.find(id, clock.now());
    if (row === undefined) throw unknown(`request ${id}`);
    const record = await this.#record(row);
    return row.state === 'pending' ? { ...record, ...(await this.#outlook(row)) } : record;
  }

  /** Grants a request. Errors: see {@link approveRequest}. */
  async approve(id: number, order: ApproveOrder): Promise<RequestRecord> {
    return await this.#record(await approveRequest(this.#context, id, order));
  }

  /** Refuses a request. Errors: see {@link denyRequest}. */
  async deny(id: number, order: { readonly by: string; readonly reason: string }): Promise<RequestRecord> {
    return await this.#record(await denyRequest(this.#context, id, order));
  }

  /** What became of the request that `handle` follows. @throws HoldfastError `request_unknown` */
  async collect(handle: string): Promise<FollowedRequest> {
    const { records, clock } = this.#context;
    const row = await records.requests.findByHandle(hashHandle(handle), clock.now());
    if (row === undefined) throw unknown('request with this handle');
    const { state, role, name, expires_at, reason, certificate } = row;
    return {
      state,
      role,
      name,
      expiresAt: new Date(expires_at),
      reason: reason ?? undefined,
      leftOut: await this.#leftOut(row),
      ...(certificate !== null && { chain: await readChain(records, certificate) }),
    };
  }

  async #record(row: RequestRow): Promise<RequestRecord> {
    const { id, kind, state, role, name, renews, reason, decided_by, decided_at, certificate } = row;
    const chain = certificate === null ? [] : await readChain(this.#context.records, certificate);
    return {
      id,
      kind,
      state,
      role,
      name,
      askedBy: row.asked_by,
      askedFrom: row.asked_from,
      askedAt: new Date(row.asked_at),
      expiresAt: new Date(row.expires_at),
      request: parseCertificateRequest(row.request),
      renews: renews ?? undefined,
      decidedBy: decided_by ?? undefined,
      ...(decided_at !== null && { decidedAt: new Date(decided_at) }),
      reason: reason ?? undefined,
      ...(chain[0] !== undefined && { certificate: parseCertificate(chain[0]) }),
      leftOut: await this.#leftOut(row),
    };
  }

  /** What a request that waits asks for and would not get; nothing where it could not be approved as it is. */
  async #leftOut(row: RequestRow): Promise<readonly LeftOut[]> {
    if (row.state !== 'pending') return [];
    try {
      const waiting = { row, said: {} };
      return (await judgeWaiting(this.#context.records, this.#context, waiting)).judgement.leftOut;
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      return [];
    }
  }

  /** What would be issued, or why nothing would: by all the rules that approving it has. */
  async #outlook(row: RequestRow): Promise<Pick<RequestDetails, 'wouldIssue' | 'obstacle'>> {
    const { records } = this.#context;
    try {
      const { person, ...judged } = await judgeWaiting(records, this.#context, { row, said: {} });
      await person.check(records, judged);
      return { wouldIssue: this.#asIssued(judged.judgement) };
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      return { obstacle: error.message };
    }
  }

  #asIssued(judgement: Judgement): Authorisation & { readonly subject: Name } {
    const { issuer, present } = this.#context;
    const profile = present.policy.profiles[judgement.identity.role];
    return { ...judgement, subject: leafSubject(issuer.issuing.certificate, judgement, profile) };
  }
}

function unknown(what: string): HoldfastError {
  return new HoldfastError('request_unknown', `there is no ${what}`, {
    hint: 'holdfast request list shows them at the server',
  });
}

/** What a request got: the certificate, then the one that issued it. */
async function readChain({ certificates, issuers }: Records, id: number): Promise<readonly Bytes[]> {
  const leaf = await certificates.read(id);
  const issuer = leaf && (await issuers.find(leaf.issuer));
  if (leaf === undefined || issuer === undefined) throw new TypeError(`there is no certificate ${id}`);
  return [leaf.certificate, issuer.certificate];
}
