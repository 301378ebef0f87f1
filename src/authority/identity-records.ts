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
  const insert = `INSERT INTO identities (role, name, created_at) VALUES (?, ?, ?)
    ON CONFLICT DO NOTHING RETURNING id, revoked_at`;
  const { role, name } = identity;
  const row = (await tx.get<IdentityRow>(insert, role, name, nowMs)) ?? (await findIdentity(tx, identity));
  if (row === undefined) throw new TypeError('an identity that is neither there nor new');
  if (row.revoked_at !== null) throw identityRevoked(identity, row.revoked_at);
  return row;
}

function identityRevoked(identity: Identity, revokedAt: number): HoldfastError {
  const when = new Date(revokedAt).toISOString();
  return new HoldfastError('certificate_revoked', `${identityLabel(identity)} was revoked ${when}`, {
    hint: `for the same machine come back: holdfast token create --reissue ${identity.name}`,
  });
}
