import { HoldfastError } from '../../base/index.ts';
import type { Identity } from '../../pki/index.ts';
import { kinds } from '../log/index.ts';
import { identityLabel, type Records } from '../records/index.ts';
import { type RevocationOrder, type Revoked, type Revoking, usable } from './revoke-certificates.ts';

/**
 * Ends an identity: every certificate and bearer token that it could use, its renewal, and the join codes of its name. It comes back
 * with a join code that is made for a reissue afterwards, and with nothing else.
 * @throws HoldfastError `object_not_found` when nothing was ever issued to it, `already_revoked`
 */
export async function revokeIdentity(
  context: Revoking,
  identity: Pick<Identity, 'role' | 'name'>,
  order: RevocationOrder,
): Promise<Revoked> {
  const { records, log, clock } = context;
  const { reason, by } = order;
  const label = identityLabel(identity);
  return await records.transaction(async (tx) => {
    const nowMs = clock.now();
    const row = await tx.identities.find(identity);
    if (row === undefined && !(await trustsUnseen(tx))) throw unknownIdentity(label);
    const serials = row === undefined ? [] : await usable(tx, context, row.id, order);
    const joinCodes = await tx.joinCodes.liveOf(identity, nowMs);
    const bearerTokens = await tx.bearerTokens.liveOf(identity, nowMs);
    const endedMs = row?.revoked_at ?? null;
    const live = serials.length + joinCodes.length + bearerTokens.length;
    if (endedMs !== null && live === 0) throw revokedBefore(label, endedMs);
    const details = { identity: label, reason, serials, whole: true, tokens: joinCodes, bearerTokens };
    await log.decide(tx, kinds.revoked, { by, details });
    return { identity: label, serials, joinCodes, bearerTokens, reason, at: new Date(nowMs) };
  });
}

/** Whether there may be certificates that nothing was seen of yet, and that would be trusted all the same. */
async function trustsUnseen({ state }: Records): Promise<boolean> {
  return ((await state.read())?.trusts_before ?? null) !== null;
}

function unknownIdentity(label: string): HoldfastError {
  return new HoldfastError('object_not_found', `nothing was ever issued to ${label}`, {
    hint: 'holdfast cert list shows what was; holdfast token revoke ID takes a join code back',
  });
}

function revokedBefore(label: string, atMs: number): HoldfastError {
  return new HoldfastError('already_revoked', `${label} was revoked ${new Date(atMs).toISOString()}`, {
    hint: 'holdfast cert list shows its certificates',
  });
}
