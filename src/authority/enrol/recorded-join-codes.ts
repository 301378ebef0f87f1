import { hash } from 'node:crypto';
import type { Bytes, Secret } from '../../base/index.ts';
import type { Role } from '../../pki/index.ts';
import type { CertificateRow, JoinCodeRow, Records } from '../records/index.ts';

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
export function readJoinCode(row: JoinCodeRow): RecordedJoinCode {
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
