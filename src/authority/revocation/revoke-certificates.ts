import type { Identity, RevocationReason, SerialNumber } from '../../pki/index.ts';
import type { AuthorityContext } from '../authority-context.ts';
import { identityLabel } from '../records/identity-label.ts';
import type { Records } from '../records/records.ts';

/** Why, and who says so. */
export interface RevocationOrder {
  readonly reason: RevocationReason;
  /** For the log. */
  readonly by: string;
}

/**
 * Revokes every certificate of an identity that could still be used, and records which; the identity itself goes on.
 * How much work it is depends on how many these are, and on nothing else.
 */
export async function revokeCertificates(
  tx: Records,
  context: AuthorityContext,
  identity: Identity,
  order: RevocationOrder,
): Promise<void> {
  const row = await tx.identities.find(identity);
  const serials = row === undefined ? [] : await markLiveRevoked(tx, context, row.id, order);
  if (serials.length === 0) return;
  const { reason, by } = order;
  const details = { identity: identityLabel(identity), reason, serials };
  await context.log.append(tx, { kind: 'revoked', by, details });
}

/**
 * Marks what an identity could still use as revoked, for a late renewal too, and says which certificates these are; where
 * its keys are lost, all that it ever had, by which its keys are known.
 */
export async function markLiveRevoked(
  tx: Records,
  { clock, present }: AuthorityContext,
  identityId: number,
  { reason }: RevocationOrder,
): Promise<SerialNumber[]> {
  const nowMs = clock.now();
  const graceMs = Math.max(...Object.values(present.policy.profiles).map((profile) => profile.graceMs));
  const endingFromMs = reason === 'keyCompromise' ? 0 : nowMs - graceMs;
  return await tx.certificates.revokeOfIdentity(identityId, { atMs: nowMs, reason, endingFromMs });
}
