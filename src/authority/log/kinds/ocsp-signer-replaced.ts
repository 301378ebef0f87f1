import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';
import { CertificateFingerprint, Serial, Time } from './terms.ts';

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
