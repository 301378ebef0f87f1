import { hash } from 'node:crypto';
import type { Bytes, Secret } from '../base/index.ts';
import type { CommittedReader, Queries } from '../db/index.ts';
import type { Role } from '../pki/index.ts';
import type { IssuedRow } from './certificate-records.ts';

/** A join code on record. Of its secret only the SHA-256 is: a random secret of 128 bits needs no slower hash. */
export interface JoinCodeRow {
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
  /** Milliseconds since 1970, itself included. */
  readonly expiresAt: number;
  /** Milliseconds since 1970; from then on it is dead. */
  readonly revokedAt: number | undefined;
}

interface StoredJoinCode {
  readonly id: number;
  readonly role: Role;
  readonly name: string;
  readonly names: string;
  readonly reissue: number;
  readonly max_uses: number;
  readonly uses: number;
  readonly expires_at: number;
  readonly revoked_at: number | null;
}

const columns = 'id, role, name, names, reissue, max_uses, uses, expires_at, revoked_at';

/** Records a code and gives its number. */
export async function insertJoinCode(
  tx: Queries,
  secret: Secret<Bytes>,
  code: Omit<JoinCodeRow, 'id' | 'uses' | 'revokedAt'> & { readonly createdAt: number },
): Promise<number> {
  const row = await tx.get<{ id: number }>(
    `INSERT INTO join_codes (secret_hash, role, name, names, reissue, max_uses, created_at, expires_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
    hash('sha256', secret.reveal(), 'buffer'),
    code.role,
    code.name,
    JSON.stringify(code.names),
    Number(code.reissue),
    code.maxUses,
    code.createdAt,
    code.expiresAt,
  );
  if (row === undefined) throw new TypeError('INSERT … RETURNING gave no row');
  return row.id;
}

/** The code with this secret, used and expired ones too, or undefined. */
export function findJoinCode(reader: CommittedReader, secret: Secret<Bytes>): JoinCodeRow | undefined {
  const sql = `SELECT ${columns} FROM join_codes WHERE secret_hash = ?`;
  const row = reader.get(sql, hash('sha256', secret.reveal(), 'buffer'));
  return row && readRow(row as unknown as StoredJoinCode);
}

/** What of a code changes, as it is by now. */
export async function refreshJoinCode(tx: Queries, code: JoinCodeRow): Promise<JoinCodeRow> {
  const row = await tx.get<Pick<StoredJoinCode, 'uses' | 'revoked_at'>>(
    'SELECT uses, revoked_at FROM join_codes WHERE id = ?',
    code.id,
  );
  if (row === undefined) throw new TypeError(`join code ${code.id} has gone`);
  return { ...code, uses: row.uses, revokedAt: row.revoked_at ?? undefined };
}

/** A code as it is listed. */
export interface ListedJoinCode extends JoinCodeRow {
  readonly createdAt: number;
}

/** The newest codes, at most `limit`. */
export async function listJoinCodeRows(
  queries: Queries,
  { before = Number.MAX_SAFE_INTEGER, limit }: { before?: number | undefined; limit: number },
): Promise<ListedJoinCode[]> {
  const rows = await queries.all<StoredJoinCode & { readonly created_at: number }>(
    `SELECT ${columns}, created_at FROM join_codes WHERE id < ? ORDER BY id DESC LIMIT ?`,
    before,
    limit,
  );
  return rows.map((row) => ({ ...readRow(row), createdAt: row.created_at }));
}

/** Marks a code as revoked; gives what it stands for, or undefined when there is none that is not revoked already. */
export function markJoinCodeRevoked(
  tx: Queries,
  id: number,
  nowMs: number,
): Promise<{ role: Role; name: string } | undefined> {
  return tx.get<{ role: Role; name: string }>(
    'UPDATE join_codes SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL RETURNING role, name',
    nowMs,
    id,
  );
}

/** The certificate that this code already gave to this public key, or undefined. */
export function findUse(
  tx: Queries,
  { id }: Pick<JoinCodeRow, 'id'>,
  publicKey: Bytes,
): Promise<IssuedRow | undefined> {
  return tx.get<IssuedRow>(
    `SELECT c.id, c.serial, c.identity, c.issuer, c.public_key, c.not_after, c.revoked_at, c.certificate
      FROM certificates c JOIN join_code_uses u ON u.certificate = c.id WHERE c.public_key = ? AND u.join_code = ?`,
    publicKey,
    id,
  );
}

/** Records what a use of a code gave; a first one is counted, of one that had given `before` the answer is another from now on. */
export async function recordUse(
  tx: Queries,
  { id }: Pick<JoinCodeRow, 'id'>,
  certificateId: number,
  before: Pick<IssuedRow, 'id'> | undefined,
): Promise<void> {
  if (before !== undefined) {
    await tx.run('UPDATE join_code_uses SET certificate = ? WHERE certificate = ?', certificateId, before.id);
    return;
  }
  await tx.run('INSERT INTO join_code_uses (certificate, join_code) VALUES (?, ?)', certificateId, id);
  await tx.run('UPDATE join_codes SET uses = uses + 1 WHERE id = ?', id);
}

/** How many codes could be used now. */
export async function countLiveJoinCodes(queries: Queries, nowMs: number): Promise<number> {
  const row = await queries.get<{ n: number }>(
    'SELECT count(*) AS n FROM join_codes WHERE expires_at >= ? AND revoked_at IS NULL AND uses < max_uses',
    nowMs,
  );
  return row?.n ?? 0;
}

/** Whether any code has not expired, used ones too: whoever used one may have to come again for a lost answer. */
export function hasUnexpiredJoinCode(reader: CommittedReader, nowMs: number): boolean {
  const sql = 'SELECT 1 FROM join_codes WHERE expires_at >= ? AND revoked_at IS NULL LIMIT 1';
  return reader.get(sql, nowMs) !== undefined;
}

function readRow(row: StoredJoinCode): JoinCodeRow {
  const { id, role, name, names, reissue, max_uses, uses, expires_at, revoked_at } = row;
  return {
    id,
    role,
    name,
    names: JSON.parse(names) as string[],
    reissue: reissue === 1,
    maxUses: max_uses,
    uses,
    expiresAt: expires_at,
    revokedAt: revoked_at ?? undefined,
  };
}
