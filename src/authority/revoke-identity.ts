import type { Queries } from '../db/index.ts';
import type { Identity } from '../pki/index.ts';
import type { AuthorityContext } from './authority-context.ts';
import { findIdentity, identityLabel } from './identity-records.ts';

/**
 * Revokes every certificate of an identity that could still be used, and records which. The reason is one of RFC 5280
 * §5.3.1.
 */
export async function revokeIdentity(
  tx: Queries,
  { log, clock }: AuthorityContext,
  identity: Identity,
  { reason, by }: { readonly reason: 'superseded'; readonly by: string },
): Promise<void> {
  const row = await findIdentity(tx, identity);
  if (row === undefined) return;
  const nowMs = clock.now();
  const revoked = await tx.all<{ serial: string }>(
    `UPDATE certificates SET revoked_at = ?, revocation_reason = ?
      WHERE identity = ? AND revoked_at IS NULL AND not_after >= ? RETURNING serial`,
    nowMs,
    reason,
    row.id,
    nowMs,
  );
  if (revoked.length === 0) return;
  const serials = revoked.map(({ serial }) => serial);
  await log.append(tx, {
    kind: 'revoked',
    by,
    details: { identity: identityLabel(identity), reason, serials },
  });
}
