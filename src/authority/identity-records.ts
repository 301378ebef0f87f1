import { HoldfastError } from '../base/index.ts';
import type { Queries } from '../db/index.ts';
import type { Identity } from '../pki/index.ts';

/** An identity on record: it has, or had, a certificate. */
export interface IdentityRow {
  readonly id: number;
  /** Milliseconds since 1970; null for one that may have certificates. */
  readonly revoked_at: number | null;
  /** 1 where its keys are made beside the authority, for copies of its files; 0 where a machine makes its own. */
  readonly with_key: 0 | 1;
}

const columns = 'id, revoked_at, with_key';

/** `client/alpha`: an identity within its network, as the log and people say it. */
export function identityLabel({ role, name }: Pick<Identity, 'role' | 'name'>): string {
  return `${role}/${name}`;
}

/** The command that makes the code by which an identity comes back. */
export function reissueCommand({ role, name }: Pick<Identity, 'role' | 'name'>): string {
  return `holdfast token create --reissue ${name}${role === 'client' ? '' : ` --role ${role}`}`;
}

export function findIdentity(
  queries: Queries,
  { role, name }: Pick<Identity, 'role' | 'name'>,
): Promise<IdentityRow | undefined> {
  const sql = `SELECT ${columns} FROM identities WHERE role = ? AND name = ?`;
  return queries.get<IdentityRow>(sql, role, name);
}

/** What comes with another certificate of an identity. */
export interface IdentityUse {
  readonly nowMs: number;
  readonly liveUntilMs: number;
  /** Who makes its keys from now on; as before unless said. */
  readonly withKey: boolean | undefined;
}

/** Who makes the keys of an identity since a decision, as its record says it: a renewal leaves that as it was. */
export function withKeyIn(
  kind: string,
  details: Readonly<Record<string, unknown>> | undefined,
): boolean | undefined {
  return kind === 'issued' ? details?.['withKey'] === true : undefined;
}

/**
 * The row of an identity that gets a certificate, made when this is its first one.
 * @throws HoldfastError `certificate_revoked` for an identity that was revoked
 */
export async function ensureIdentity(
  tx: Queries,
  { role, name }: Pick<Identity, 'role' | 'name'>,
  { nowMs, liveUntilMs, withKey }: IdentityUse,
): Promise<IdentityRow> {
  const row = await tx.get<IdentityRow>(
    `INSERT INTO identities (role, name, created_at, live_until, with_key) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (role, name) DO UPDATE SET with_key = ifnull(?, with_key),
        live_until = max(ifnull(live_until, 0), excluded.live_until)
      RETURNING ${columns}`,
    role,
    name,
    nowMs,
    liveUntilMs,
    Number(withKey === true),
    withKey === undefined ? null : Number(withKey),
  );
  if (row === undefined) throw new TypeError('INSERT … RETURNING gave no row');
  if (row.revoked_at !== null) throw identityRevoked({ role, name }, row.revoked_at);
  return row;
}

function identityRevoked(identity: Pick<Identity, 'role' | 'name'>, revokedAt: number): HoldfastError {
  const when = new Date(revokedAt).toISOString();
  return new HoldfastError('certificate_revoked', `${identityLabel(identity)} was revoked ${when}`, {
    hint: `for the same machine come back: ${reissueCommand(identity)}`,
  });
}
