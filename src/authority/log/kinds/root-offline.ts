import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';
import { CertificateFingerprint, IssuerLabel } from './terms.ts';

/** The key of the root was taken to a file. */
export const rootOffline = logKind({
  name: 'root offline',
  details: Type.Object({ root: CertificateFingerprint, label: IssuerLabel, file: Type.String() }),
  async apply(tx, { details: { label, file }, atMs }) {
    await tx.issuers.moveKey(label, { file, atMs });
  },
});

/** The key of the root is in the keystore again. */
export const rootOnline = logKind({
  name: 'root online',
  details: Type.Object({ root: CertificateFingerprint, label: IssuerLabel }),
  async apply(tx, { details }) {
    await tx.issuers.moveKey(details.label, undefined);
  },
});
