import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';
import { CertificateFingerprint, IssuerLabel } from './terms.ts';

/** There is another issuing certificate, with a new key. */
export const issuingReplaced = logKind({
  name: 'issuing certificate replaced',
  details: Type.Object({ issuing: CertificateFingerprint, label: IssuerLabel, replaces: IssuerLabel }),
});
