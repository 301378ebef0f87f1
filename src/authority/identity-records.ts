import { HoldfastError } from '../base/index.ts';
import type { Queries } from '../db/index.ts';
import type { Identity } from '../pki/index.ts';

/** An identity on record: it has, or had, a certificate. */
export interface IdentityRow {
  readonly id: number;
  /** Milliseconds since 1970; null for one that may have certificates. */
  readonly revoked_at: number | null;
}

/** `client/alpha`: an identity within its network, as the log and people say it. */
export function identityLabel({ role, name }: Pick<Identity, 'role' | 'name'>): string {
  return `${role}/${name}`;
}

export function findIdentity(
  queries: Queries,
  { role, name }: Pick<Identity, 'role' | 'name'>,
): Promise<IdentityRow | undefined> {
  const sql = 'SELECT id, revoked_at FROM identities WHERE role = ? AND name = ?';
  return queries.get<IdentityRow>(sql, role, name);
}

/**
 * The row of an identity that is to get a certificate, made when this is its first one.
 * @throws HoldfastError `certificate_revoked` for an identity that was revoked
 */
export async function ensureIdentity(tx: Queries, identity: Identity, nowMs: number): Promise<IdentityRow> {
  const known = await findIdentity(tx, identity);
  if (known !== undefined) {
    if (known.revoked_at !== null) throw identityRevoked(identity, known.revoked_at);
    return known;
  }
  const insert = 'INSERT INTO identities (role, name, created_at) VALUES (?, ?, ?) RETURNING id, revoked_at';
  const row = await tx.get<IdentityRow>(insert, identity.role, identity.name, nowMs);
  if (row === undefined) throw new TypeError('INSERT … RETURNING gave no row');
  return row;
}

function identityRevoked(identity: Identity, revokedAt: number): HoldfastError {
  const when = new Date(revokedAt).toISOString();
  return new HoldfastError('certificate_revoked', `${identityLabel(identity)} was revoked ${when}`, {
    hint: `for the same machine come back: holdfast token create --reissue ${identity.name}`,
  });
}
