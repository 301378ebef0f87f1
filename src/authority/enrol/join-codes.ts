import { hash } from 'node:crypto';
import { type Bytes, type Clock, HoldfastError, type Secret } from '../../base/index.ts';
import type { Role } from '../../pki/index.ts';
import { kinds, type Recording } from '../log/index.ts';
import { type CertificateRow, identityLabel, type JoinCodeRow, type Records } from '../records/index.ts';

/** A join code as it is listed; its secret is not kept. */
interface JoinCodeRecord extends Omit<RecordedJoinCode, 'createdAt' | 'expiresAt' | 'revokedAt'> {
  readonly state: 'live' | 'used' | 'expired' | 'revoked';
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** The join codes that were made, for looking at and for taking back. */
export class JoinCodes {
  readonly #context: Recording & { readonly clock: Clock };

  constructor(context: Recording & { readonly clock: Clock }) {
    this.#context = context;
  }

  /** The newest, dead ones too; those made before one with a number when `before` names it. */
  async list({
    before = Number.MAX_SAFE_INTEGER,
    limit,
  }: {
    before?: number;
    limit: number;
  }): Promise<JoinCodeRecord[]> {
    const { records, clock } = this.#context;
    const rows = await records.joinCodes.before(before, limit);
    return rows.map(readJoinCode).map(({ createdAt, expiresAt, revokedAt, ...row }) => ({
      ...row,
      state: stateOf({ ...row, expiresAt, revokedAt }, clock.now()),
      createdAt: new Date(createdAt),
      expiresAt: new Date(expiresAt),
    }));
  }

  /**
   * Ends a code by its number; what it gave stays valid. `by` is for the log.
   * @throws HoldfastError `object_not_found` for none, `already_revoked`
   */
  async revoke(id: number, by: string): Promise<void> {
    const { records, log } = this.#context;
    await records.transaction(async (tx) => {
      const code = await tx.joinCodes.find(id);
      if (code === undefined || code.revoked_at !== null) throw notLive(id, code);
      await log.decide(tx, kinds.tokenRevoked, { by, details: { token: id, identity: identityLabel(code) } });
    });
  }
}

function stateOf(
  {
    uses,
    maxUses,
    expiresAt,
    revokedAt,
  }: Pick<RecordedJoinCode, 'uses' | 'maxUses' | 'expiresAt' | 'revokedAt'>,
  nowMs: number,
): JoinCodeRecord['state'] {
  if (revokedAt !== undefined) return 'revoked';
  if (uses >= maxUses) return 'used';
  return nowMs > expiresAt ? 'expired' : 'live';
}

function notLive(id: number, code: JoinCodeRow | undefined): HoldfastError {
  const hint = 'holdfast token list shows them all';
  if (code !== undefined)
    return new HoldfastError('already_revoked', `join code ${id} is revoked already`, { hint });
  return new HoldfastError('object_not_found', `there is no join code ${id}`, { hint });
}

/** A join code on record. Of its secret only the SHA-256 is: a random secret of 128 bits needs no slower hash. */
export interface RecordedJoinCode {
  readonly id: number;
  readonly role: Role;
  /** A name, or a pattern of names. */
  readonly name: string;
  /** The host names and addresses that were authorised with it. */
  readonly names: readonly string[];
  readonly reissue: boolean;
  readonly maxUses: number;
  /** How many machines have used it. */
  readonly uses: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds since 1970, itself included. */
  readonly expiresAt: number;
  /** Milliseconds since 1970; from then on it is dead. */
  readonly revokedAt: number | undefined;
}

/** Records a code and gives its number. */
export function insertJoinCode(
  { joinCodes }: Records,
  secret: Secret<Bytes>,
  code: Omit<RecordedJoinCode, 'id' | 'uses' | 'revokedAt'>,
): Promise<number> {
  return joinCodes.insert(hashOf(secret), {
    role: code.role,
    name: code.name,
    names: JSON.stringify(code.names),
    reissue: code.reissue ? 1 : 0,
    max_uses: code.maxUses,
    created_at: code.createdAt,
    expires_at: code.expiresAt,
  });
}

/** The code of a secret, as it is committed. */
export async function findJoinCode(
  { joinCodes }: Records,
  secret: Secret<Bytes>,
): Promise<RecordedJoinCode | undefined> {
  const row = await joinCodes.findBySecret(hashOf(secret));
  return row && readJoinCode(row);
}

/** The same code as it is now: others may have used it, or revoked it. */
export async function refreshJoinCode(
  { joinCodes }: Records,
  { id }: RecordedJoinCode,
): Promise<RecordedJoinCode> {
  const row = await joinCodes.find(id);
  if (row === undefined) throw new TypeError(`join code ${id} has gone`);
  return readJoinCode(row);
}

/** The certificate that a code gave to a public key before, or undefined. */
export async function findUse(
  { joinCodes, certificates }: Records,
  { id }: Pick<RecordedJoinCode, 'id'>,
  publicKey: Bytes,
): Promise<CertificateRow | undefined> {
  const certificate = await joinCodes.useOf(id, publicKey);
  return certificate === undefined ? undefined : await certificates.read(certificate);
}

/** What a row says. */
function readJoinCode(row: JoinCodeRow): RecordedJoinCode {
  const { id, role, name, names, reissue, max_uses, uses, created_at, expires_at, revoked_at } = row;
  return {
    id,
    role,
    name,
    names: JSON.parse(names) as string[],
    reissue: reissue === 1,
    maxUses: max_uses,
    uses,
    createdAt: created_at,
    expiresAt: expires_at,
    revokedAt: revoked_at ?? undefined,
  };
}

function hashOf(secret: Secret<Bytes>): Bytes {
  return hash('sha256', secret.reveal(), 'buffer');
}
