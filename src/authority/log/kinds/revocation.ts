import { Type } from 'typebox';
import { identityOf } from '../../records/index.ts';
import {
  CertificateFingerprint,
  IdentityLabel,
  IssuerLabel,
  logKind,
  Reason,
  Serial,
  Time,
  Token,
} from '../log-kind.ts';

/** Certificates of an identity are not to be believed any more. */
export const revoked = logKind({
  name: 'revoked',
  details: Type.Object({
    identity: IdentityLabel,
    reason: Reason,
    serials: Type.Array(Serial),
    /** The identity itself has ended, and its join codes. */
    whole: Type.Optional(Type.Boolean()),
    /** Those of the join codes that could still be used. */
    tokens: Type.Optional(Type.Array(Token)),
    /** The bearer tokens of the identity that could still be used: they end with its certificates. */
    bearerTokens: Type.Optional(Type.Array(Type.Integer())),
  }),
  async apply(tx, { details: { identity, reason, serials, whole, bearerTokens = [] }, atMs }) {
    const changed = await tx.certificates.revoke(serials, { atMs, reason });
    for (const id of bearerTokens) await tx.bearerTokens.revoke(id, atMs);
    if (whole !== true) return changed;
    const owner = identityOf(identity);
    // After a restore from keys alone, one of which nothing was seen yet can have certificates that would be trusted.
    if ((await tx.identities.find(owner)) === undefined) await tx.identities.insert(owner, atMs);
    await tx.identities.end(owner, atMs);
    await tx.joinCodes.revokeOf(owner, atMs);
    return changed;
  },
  learnt: (revoked) => ({ revoked }),
});

/** A revocation list was signed. */
export const crlSigned = logKind({
  name: 'crl signed',
  details: Type.Object({
    issuer: IssuerLabel,
    number: Type.Integer(),
    entries: Type.Integer(),
    nextUpdate: Time,
  }),
  async apply(tx, { details }) {
    await tx.state.raiseCrlNumber(details.number);
  },
});

/** Another key signs OCSP answers. A restore that has not its key makes one anew. */
export const ocspSignerReplaced = logKind({
  name: 'ocsp signer replaced',
  details: Type.Object({
    label: Type.String(),
    serial: Serial,
    fingerprint: CertificateFingerprint,
    notAfter: Time,
  }),
});
