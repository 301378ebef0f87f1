import { Type } from 'typebox';
import { type Certificate, fingerprint, parseCertificate } from '../../../pki/index.ts';
import { logKind } from '../log-kind.ts';
import { CertificateFingerprint, IssuerLabel } from './terms.ts';

/** An authority outside has signed another certificate for the key of the root; the one of before stays on record. */
export const rootRenewed = logKind({
  name: 'root certificate renewed',
  details: Type.Object({
    label: IssuerLabel,
    root: CertificateFingerprint,
    replaces: CertificateFingerprint,
    subject: Type.String(),
  }),
  attachment: {
    as: 'certificate',
    isOf: ({ root }, der) => fingerprint(der) === root,
    async find(records, { details }) {
      const row = await records.issuers.find(details.label);
      if (row !== undefined && fingerprint(row.certificate) === details.root) return row.certificate;
      return (await records.outside.list()).find((each) => each.fingerprint === details.root)?.certificate;
    },
    open: async (_tx, _decision, der) => parseCertificate(der),
  },
  async apply(tx, { details: { label } }, certificate: Certificate) {
    const row = await tx.issuers.find(label);
    if (row === undefined || fingerprint(row.certificate) === certificate.fingerprint) return false;
    await tx.outside.insert({ fingerprint: fingerprint(row.certificate), certificate: row.certificate });
    await tx.issuers.replaceCertificate(label, certificate.der);
    return true;
  },
  learnt: (isNew) => ({ issuers: Number(isNew) }),
});
