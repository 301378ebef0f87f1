import type { Queries } from '../db/index.ts';
import type { Identity } from '../pki/index.ts';

/** An identity on record: it has, or had, a certificate. */
export interface IdentityRow {
  readonly id: number;
}

/** `client/alpha`: an identity within its network, as the log and people say it. */
export function identityLabel({ role, name }: Pick<Identity, 'role' | 'name'>): string {
  return `${role}/${name}`;
}

export function findIdentity(
  queries: Queries,
  { role, name }: Pick<Identity, 'role' | 'name'>,
): Promise<IdentityRow | undefined> {
  return queries.get<IdentityRow>('SELECT id FROM identities WHERE role = ? AND name = ?', role, name);
}

/** The identity's row, made when this is its first certificate. */
export async function ensureIdentity(tx: Queries, identity: Identity, nowMs: number): Promise<IdentityRow> {
  const known = await findIdentity(tx, identity);
  if (known !== undefined) return known;
  const insert = 'INSERT INTO identities (role, name, created_at) VALUES (?, ?, ?) RETURNING id';
  const row = await tx.get<IdentityRow>(insert, identity.role, identity.name, nowMs);
  if (row === undefined) throw new TypeError('INSERT … RETURNING gave no row');
  return row;
}
