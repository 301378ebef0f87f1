import { asBuffer, type Bytes, type Clock, HoldfastError, type Secret } from '../../base/index.ts';
import type { Identity, Role } from '../../pki/index.ts';
import { checkNodeName } from '../../policy/index.ts';
import { bearerTokenHash, createBearerToken } from '../../trust/index.ts';
import { kinds, type Recording } from '../log/index.ts';
import { type BearerTokenRow, identityLabel } from '../records/index.ts';
import { checkStanding, type Present } from '../standing/index.ts';

/** Whom a bearer token is to stand for. */
export interface BearerTokenOrder {
  readonly role: Role;
  readonly name: string;
  readonly expiresAt: Date;
  /** For an identity that was revoked: it goes on. */
  readonly reissue: boolean;
  /** For the log. */
  readonly by: string;
}

/** A bearer token as it is on record; its text is not kept. */
export interface BearerTokenRecord {
  readonly id: number;
  readonly identity: Identity;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly state: 'live' | 'expired' | 'revoked';
}

/** What bearer tokens are kept with; nothing of it can certify anybody. */
interface TokenKeeping extends Recording {
  readonly present: Present;
  readonly clock: Clock;
  /** Which network the identities are of. */
  readonly issuer: { readonly network: string };
}

/** Whoever is more than a client and a person comes with a certificate. */
const bearers: readonly Role[] = ['client', 'admin'];

/** The bearer tokens of a network: made, looked at, taken back, and found by what somebody shows. */
export class BearerTokens {
  readonly #context: TokenKeeping;

  constructor(context: TokenKeeping) {
    this.#context = context;
  }

  /**
   * Makes a token for one identity, which keeps its name by it even when it never had a certificate.
   * @throws HoldfastError `name_invalid`, `name_reserved`, `input_invalid`; `certificate_revoked` for an identity that was
   *   revoked, unless it is to come back
   */
  async create({ role, name, expiresAt, reissue, by }: BearerTokenOrder): Promise<{
    readonly id: number;
    readonly token: Secret<string>;
  }> {
    const { records, log, clock } = this.#context;
    checkStanding(this.#context);
    checkNodeName(name);
    if (!bearers.includes(role))
      throw new HoldfastError('input_invalid', `a ${role} comes with a certificate, found a bearer token`, {
        hint: `holdfast token create ${name} --role ${role} makes a join code, which gets one`,
      });
    if (expiresAt.getTime() <= clock.now())
      throw new HoldfastError('input_invalid', 'a bearer token that has expired when it is made');
    const token = createBearerToken();
    const identity = identityLabel({ role, name });
    return await records.transaction(async (tx) => {
      const owner = await tx.identities.find({ role, name });
      if (owner !== undefined && owner.revoked_at !== null && !reissue) throw hasEnded(identity, name, role);
      const id = await tx.bearerTokens.nextId();
      const details = {
        bearerToken: id,
        identity,
        sha256: asBuffer(bearerTokenHash(token)).toString('hex'),
        expires: expiresAt.toISOString(),
        reissue,
      };
      await log.decide(tx, kinds.bearerTokenCreated, { by, details });
      return { id, token };
    });
  }

  /** The newest, dead ones too; those made before one with a number when `before` names it. */
  async list({
    before = Number.MAX_SAFE_INTEGER,
    limit,
  }: {
    readonly before?: number;
    readonly limit: number;
  }): Promise<BearerTokenRecord[]> {
    const rows = await this.#context.records.bearerTokens.before(before, limit);
    return rows.map((row) => this.#read(row));
  }

  /**
   * Ends a token, and within a second the connections that came by it. `by` is for the log.
   * @throws HoldfastError `object_not_found` for none, `already_revoked`
   */
  async revoke(id: number, by: string): Promise<BearerTokenRecord> {
    const { records, log } = this.#context;
    return await records.transaction(async (tx) => {
      const row = await tx.bearerTokens.find(id);
      if (row === undefined || row.revoked_at !== null) throw notLive(id, row);
      const identity = identityLabel(row);
      await log.decide(tx, kinds.bearerTokenRevoked, { by, details: { bearerToken: id, identity } });
      return this.#read({ ...row, revoked_at: this.#context.clock.now() });
    });
  }

  /** The token of this hash as it is committed, for the peer gate; undefined for none. */
  async find(sha256: Bytes): Promise<BearerTokenRecord | undefined> {
    const row = await this.#context.records.committed.bearerTokens.findBySecret(sha256);
    return row && this.#read(row);
  }

  #read({ id, role, name, created_at, expires_at, revoked_at }: BearerTokenRow): BearerTokenRecord {
    const { issuer, clock } = this.#context;
    return {
      id,
      identity: { network: issuer.network, role, name },
      createdAt: new Date(created_at),
      expiresAt: new Date(expires_at),
      state: revoked_at !== null ? 'revoked' : clock.now() > expires_at ? 'expired' : 'live',
    };
  }
}

function hasEnded(identity: string, name: string, role: Role): HoldfastError {
  return new HoldfastError('certificate_revoked', `${identity} was revoked`, {
    hint: `for the same machine come back: holdfast token create --bearer --reissue ${name} --role ${role}`,
  });
}

function notLive(id: number, row: BearerTokenRow | undefined): HoldfastError {
  const hint = 'holdfast token list --bearer shows them all';
  if (row !== undefined)
    return new HoldfastError('already_revoked', `bearer token ${id} is revoked already`, { hint });
  return new HoldfastError('object_not_found', `there is no bearer token ${id}`, { hint });
}
