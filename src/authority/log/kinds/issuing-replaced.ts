import { Type } from 'typebox';
import { type Certificate, fingerprint, parseCertificate } from '../../../pki/index.ts';
import { recordIssuer } from '../../records/index.ts';
import { logKind } from '../log-kind.ts';
import { CertificateFingerprint, IssuerLabel } from './terms.ts';

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
    await recordIssuer(tx, { kind: 'issuing', generation: Number(label.split('-')[1]), certificate });
    return true;
  },
  learnt: (isNew) => ({ issuers: Number(isNew) }),
});
