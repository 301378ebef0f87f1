import { Type } from 'typebox';
import { type Certificate, fingerprint, parseCertificate } from '../../../pki/index.ts';
import { CertificateFingerprint, IssuerLabel, logKind, Reason, Serial } from '../log-kind.ts';

/** There is another issuing certificate, with a new key. */
export const issuingReplaced = logKind({
  name: 'issuing certificate replaced',
  details: Type.Object({ issuing: CertificateFingerprint, label: IssuerLabel, replaces: IssuerLabel }),
  attachment: {
    as: 'certificate',
    isOf: ({ issuing }, der) => fingerprint(der) === issuing,
    find: async (records, { details }) => (await records.issuers.find(details.label))?.certificate,
    open: async (_tx, _decision, der) => parseCertificate(der),
  },
  async apply(tx, { details: { label } }, certificate: Certificate) {
    // One that is on record already came with the keys.
    if ((await tx.issuers.find(label)) !== undefined) return false;
    await tx.issuers.insert({ kind: 'issuing', generation: Number(label.split('-')[1]), certificate });
    return true;
  },
  learnt: (isNew) => ({ issuers: Number(isNew) }),
});

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

/** Why there is another issuing certificate: it may certify other names. */
export const nameConstraintsChanged = logKind({
  name: 'name constraints changed',
  details: Type.Object({
    label: IssuerLabel,
    permitted: Type.Array(Type.String()),
    excluded: Type.Array(Type.String()),
  }),
});

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
