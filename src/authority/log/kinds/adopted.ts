import { Type } from 'typebox';
import {
  type Certificate,
  fingerprint,
  formatName,
  parseCertificate,
  type RevocationReason,
  revocationReasons,
} from '../../../pki/index.ts';
import type { NewImportedCertificate } from '../../records/index.ts';
import { CertificateFingerprint, IssuerLabel, logKind, Reason, Serial, Time } from '../log-kind.ts';

/** The root is one that was there before, or one that an authority outside has signed. */
export const authorityAdopted = logKind({
  name: 'authority adopted',
  details: Type.Object({
    label: IssuerLabel,
    root: CertificateFingerprint,
    subject: Type.String(),
    /** The certificates above it. */
    outside: Type.Array(CertificateFingerprint),
    /** How many certificates of before are on record, and how many of them were revoked. */
    imported: Type.Integer(),
    revoked: Type.Integer(),
    /** Of the newest revocation list that it had signed, where it is not too long to be counted on from. */
    crlNumber: Type.Optional(Type.Integer()),
    /** The file that its key came from, and how it lies there. */
    keyFile: Type.Optional(Type.String()),
    keyForm: Type.Optional(Type.Enum(['clear', 'encrypted'])),
    /** Of that file. */
    sha256: Type.Optional(Type.String()),
  }),
  async apply(tx, { details: { crlNumber } }) {
    if (crlNumber !== undefined) await tx.state.raiseCrlNumber(crlNumber);
  },
});

/** A certificate above the root, which nobody of the network trusts. */
export const outsideCertificateRecorded = logKind({
  name: 'outside certificate recorded',
  details: Type.Object({ fingerprint: CertificateFingerprint, subject: Type.String() }),
  attachment: {
    as: 'certificate',
    isOf: (details, der) => fingerprint(der) === details.fingerprint,
    find: async (records, { details }) =>
      (await records.outside.list()).find((row) => row.fingerprint === details.fingerprint)?.certificate,
    open: async (_tx, _decision, der) => parseCertificate(der),
  },
  apply: (tx, _decision, { fingerprint, der }: Certificate) =>
    tx.outside.insert({ fingerprint, certificate: der }),
});

const Revoked = Type.Optional(Type.Object({ at: Time, reason: Reason }));

/** A certificate that the root had issued before it was adopted. */
export const certificateImported = logKind({
  name: 'certificate imported',
  details: Type.Object({
    issuer: IssuerLabel,
    serial: Serial,
    fingerprint: CertificateFingerprint,
    subject: Type.String(),
    revoked: Revoked,
  }),
  attachment: {
    as: 'certificate',
    isOf: (details, der) => fingerprint(der) === details.fingerprint,
    find: async (records, { details }) =>
      (await records.imported.find(details.serial))?.certificate ?? undefined,
    open: async (_tx, _decision, der) => parseCertificate(der),
  },
  async apply(tx, { details: { issuer, revoked } }, { serial, subject, notAfter, der }: Certificate) {
    const named = { issuer, serial, subject: formatName(subject), not_after: notAfter.getTime() };
    await tx.imported.insert({ ...named, ...revocation(revoked), certificate: der });
  },
  learnt: () => ({ certificates: 1 }),
});

/** Serial numbers that the root had given away before it was adopted, whose certificates were not at hand. */
export const numbersImported = logKind({
  name: 'serial numbers imported',
  details: Type.Object({
    issuer: IssuerLabel,
    numbers: Type.Array(
      Type.Object({
        serial: Serial,
        subject: Type.Optional(Type.String()),
        notAfter: Type.Optional(Time),
        revoked: Revoked,
      }),
    ),
  }),
  async apply(tx, { details: { issuer, numbers } }) {
    for (const { serial, subject = null, notAfter, revoked } of numbers) {
      const not_after = notAfter === undefined ? null : Date.parse(notAfter);
      await tx.imported.insert({
        issuer,
        serial,
        subject,
        not_after,
        ...revocation(revoked),
        certificate: null,
      });
    }
    return numbers.length;
  },
  learnt: (certificates) => ({ certificates }),
});

/** A certificate of before is not to be believed any more. */
export const importedRevoked = logKind({
  name: 'imported certificate revoked',
  details: Type.Object({ issuer: IssuerLabel, serial: Serial, reason: Reason }),
  apply: (tx, { details: { serial, reason }, atMs }) => tx.imported.revoke(serial, { atMs, reason }),
  learnt: (isRevoked) => ({ revoked: Number(isRevoked) }),
});

/** Whose certificate, and who had signed it. */
const about = {
  fingerprint: CertificateFingerprint,
  subject: Type.String(),
  serial: Serial,
  issuer: Type.String(),
  /** Of when the list or the answer is that says so. */
  thisUpdate: Time,
};

/** An authority outside has revoked the certificate of the root, or one above it, be it on hold. */
export const outsideRevoked = logKind({
  name: 'outside certificate revoked',
  details: Type.Object({
    ...about,
    revokedAt: Time,
    reason: Type.Enum([...revocationReasons, 'certificateHold']),
  }),
  async apply(tx, { details: { fingerprint, revokedAt, reason, thisUpdate } }) {
    const said = { atMs: Date.parse(revokedAt), reason, saidMs: Date.parse(thisUpdate) };
    await tx.outsideStatuses.markRevoked(fingerprint, said);
  },
});

/** A hold was lifted by a newer list or answer. */
export const outsideHoldLifted = logKind({
  name: 'outside hold lifted',
  details: Type.Object(about),
  apply: (tx, { details }) => tx.outsideStatuses.liftRevocation(details.fingerprint),
});

function revocation(
  revoked: { readonly at: string; readonly reason: RevocationReason } | undefined,
): Pick<NewImportedCertificate, 'revoked_at' | 'revocation_reason'> {
  if (revoked === undefined) return { revoked_at: null, revocation_reason: null };
  return { revoked_at: Date.parse(revoked.at), revocation_reason: revoked.reason };
}
