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
 * The row of an identity that gets a certificate, made when this is its first one.
 * @throws HoldfastError `certificate_revoked` for an identity that was revoked
 */
export async function ensureIdentity(
  tx: Queries,
  { role, name }: Pick<Identity, 'role' | 'name'>,
  { nowMs, liveUntilMs }: { readonly nowMs: number; readonly liveUntilMs: number },
): Promise<IdentityRow> {
  const row = await tx.get<IdentityRow>(
    `INSERT INTO identities (role, name, created_at, live_until) VALUES (?, ?, ?, ?)
      ON CONFLICT (role, name) DO UPDATE SET live_until = max(ifnull(live_until, 0), excluded.live_until)
      RETURNING id, revoked_at`,
    role,
    name,
    nowMs,
    liveUntilMs,
  );
  if (row === undefined) throw new TypeError('INSERT … RETURNING gave no row');
  if (row.revoked_at !== null) throw identityRevoked({ role, name }, row.revoked_at);
  return row;
}

function identityRevoked(identity: Pick<Identity, 'role' | 'name'>, revokedAt: number): HoldfastError {
  const when = new Date(revokedAt).toISOString();
  return new HoldfastError('certificate_revoked', `${identityLabel(identity)} was revoked ${when}`, {
    hint: `for the same machine come back: holdfast token create --reissue ${identity.name}`,
  });
}
