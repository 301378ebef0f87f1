import { type Static, Type } from 'typebox';
import { identityLabel } from '../authority/index.ts';
import type { Identity } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, Time } from './answer.ts';
import { MirrorView, parseReason, reachMirrors } from './revoke.ts';

export const issuerRevokeInput = Type.Object(
  { label: Type.String({ maxLength: 100 }), reason: Type.Optional(Type.String({ maxLength: 300 })) },
  { additionalProperties: false },
);

/** An issuing certificate that was revoked. */
export const RevokedIssuerView = Type.Object({
  label: Type.String(),
  serial: Type.String(),
  /** What issues now. */
  replacedBy: Type.String(),
  /** In a word of RFC 5280. */
  reason: Type.String(),
  revokedAt: Time,
  /** How many nodes have no other certificate, and renew when they come the next time. */
  toRenew: Type.Integer(),
  mirrors: Type.Array(MirrorView),
});

/**
 * Revokes an issuing certificate with all that it issued, and gives the running server another certificate of its own.
 * Errors: `root_offline`, `object_not_found`, `already_revoked`, `input_invalid` for a reason that cannot be given.
 */
export async function revokeIssuer(
  { authority, renewServer }: AdminContext,
  { label, reason = 'unspecified' }: Static<typeof issuerRevokeInput>,
  caller: Identity,
): Promise<Answer<typeof RevokedIssuerView>> {
  const order = { reason: parseReason(reason), by: identityLabel(caller) };
  const { at, ...revoked } = await authority.revocation.revokeIssuer(label, order);
  await renewServer();
  const toRenew = await authority.revocation.countToRenew();
  return { ...revoked, revokedAt: at.toISOString(), toRenew, mirrors: await reachMirrors(authority) };
}
