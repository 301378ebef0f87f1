import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';
import { CertificateFingerprint, IssuerLabel, Reason, Serial } from './terms.ts';

/** An issuing certificate is not to be believed any more, and nothing that it issued. */
export const issuingRevoked = logKind({
  name: 'issuing certificate revoked',
  details: Type.Object({
    label: IssuerLabel,
    serial: Serial,
    issuing: CertificateFingerprint,
    reason: Reason,
  }),
  async apply(tx, { details: { label, reason }, atMs }) {
    await tx.issuers.markRevoked(label, atMs, reason);
    // What was taken from elsewhere after a restore from keys alone, because its chain was right, may be the work of a
    // thief; it has no other proof, and ends with its issuer.
    await tx.certificates.revokeOfIssuerFromBefore(label, { atMs, reason });
  },
});
