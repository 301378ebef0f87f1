import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';
import { CertificateFingerprint } from './terms.ts';

/** The first record of every log. */
export const authorityCreated = logKind({
  name: 'authority created',
  details: Type.Object({
    network: Type.String(),
    root: CertificateFingerprint,
    issuing: CertificateFingerprint,
    statusAddress: Type.String(),
    /** The public half of the recovery key (age). */
    recoveryRecipient: Type.String(),
  }),
});
