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
});
