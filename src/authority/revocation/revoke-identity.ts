import { HoldfastError } from '../../base/index.ts';
import type { Queries } from '../../db/index.ts';
import type { Identity } from '../../pki/index.ts';
import type { AuthorityContext } from '../authority-context.ts';
import { findIdentity, type IdentityRow, identityLabel } from '../identity-records.ts';
import { markLiveRevoked, type RevocationOrder } from './revoke-certificates.ts';
import type { Revoked } from './revoked.ts';

/**
 * Ends an identity: every certificate that it could use, its renewal, and the join codes of its name. It comes back
 * with a join code that is made for a reissue afterwards, and with nothing else.
 * @throws HoldfastError `object_not_found` when nothing was ever issued to it, `already_revoked`
 */
export async function revokeIdentity(
  context: AuthorityContext,
  identity: Pick<Identity, 'role' | 'name'>,
  order: RevocationOrder,
): Promise<Revoked> {
  const { database, log, clock } = context;
  const { reason, by } = order;
  const label = identityLabel(identity);
  return await database.transaction(async (tx) => {
    const nowMs = clock.now();
    const row = (await findIdentity(tx, identity)) ?? (await putUnseen(tx, identity, nowMs));
    if (row === undefined) throw unknownIdentity(label);
    const serials = await markLiveRevoked(tx, context, row.id, order);
    const joinCodes = await endJoinCodes(tx, identity, nowMs);
    if (row.revoked_at !== null && serials.length + joinCodes.length === 0)
      throw revokedBefore(label, row.revoked_at);
    await tx.run('UPDATE identities SET revoked_at = ? WHERE id = ?', nowMs, row.id);
    const details = { identity: label, reason, serials, whole: true, tokens: joinCodes };
    await log.append(tx, { kind: 'revoked', by, details });
    return { identity: label, serials, joinCodes, reason, at: new Date(nowMs) };
  });
}

/** Puts an identity on record of which nothing was seen yet, where its certificates would be trusted all the same. */
function putUnseen(
  tx: Queries,
  { role, name }: Pick<Identity, 'role' | 'name'>,
  nowMs: number,
): Promise<IdentityRow | undefined> {
  return tx.get<IdentityRow>(
    `INSERT INTO identities (role, name, created_at)
      SELECT ?, ?, ? FROM authority WHERE trusts_before IS NOT NULL RETURNING id, revoked_at, with_key`,
    role,
    name,
    nowMs,
  );
}

/** Gives an identity back its right to certificates: whoever decides says so by a reissue. */
export async function reviveIdentity(
  tx: Queries,
  { role, name }: Pick<Identity, 'role' | 'name'>,
): Promise<void> {
  await tx.run('UPDATE identities SET revoked_at = NULL WHERE role = ? AND name = ?', role, name);
}

/** Used codes end too: nobody gets the answer of one again. */
async function endJoinCodes(
  tx: Queries,
  { role, name }: Pick<Identity, 'role' | 'name'>,
  nowMs: number,
): Promise<number[]> {
  const ended = await tx.all<{ id: number; live: number }>(
    `UPDATE join_codes SET revoked_at = ?
      WHERE expires_at >= ? AND role = ? AND name = ? AND revoked_at IS NULL
      RETURNING id, uses < max_uses AS live`,
    nowMs,
    nowMs,
    role,
    name,
  );
  return ended.filter(({ live }) => live === 1).map(({ id }) => id);
}

function unknownIdentity(label: string): HoldfastError {
  return new HoldfastError('object_not_found', `nothing was ever issued to ${label}`, {
    hint: 'holdfast cert list shows what was; holdfast token revoke takes a join code back',
  });
}

function revokedBefore(label: string, atMs: number): HoldfastError {
  return new HoldfastError('already_revoked', `${label} was revoked ${new Date(atMs).toISOString()}`, {
    hint: 'holdfast cert list shows its certificates',
  });
}
