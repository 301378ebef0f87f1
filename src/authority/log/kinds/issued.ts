import { Type } from 'typebox';
import type { Bytes } from '../../../base/index.ts';
import {
  type Certificate,
  type Fingerprint,
  fingerprint,
  type GeneralName,
  parseCertificate,
  publicKeyOf,
  type SerialNumber,
  verifyCertificateSignature,
} from '../../../pki/index.ts';
import { authorityDamaged, identityOf, publicKeyHash, type Records } from '../../records/index.ts';
import {
  type Attachment,
  CertificateFingerprint,
  type Decision,
  type DetailsOf,
  IdentityLabel,
  type LogKind,
  logKind,
  RequestId,
  Serial,
  Time,
  Token,
} from '../log-kind.ts';

const details = Type.Object({
  identity: IdentityLabel,
  serial: Serial,
  fingerprint: CertificateFingerprint,
  notAfter: Time,
  /** It ends with what issued it, and not when its profile says. */
  clipped: Type.Optional(Type.Boolean()),
  /** The join code it came by. */
  token: Type.Optional(Token),
  /** The request it was approved for. */
  request: Type.Optional(RequestId),
  /** The certificate it was asked for with. */
  renews: Type.Optional(Serial),
  /** Its key was made beside the authority. */
  withKey: Type.Optional(Type.Boolean()),
  /** It is from before a restore from keys alone, and was seen now. */
  issuedBefore: Type.Optional(Type.Boolean()),
});

type Details = DetailsOf<LogKind<string, typeof details>>;

/** A certificate as whoever made it has it at hand. */
export interface IssuedCertificate {
  readonly serial: SerialNumber;
  readonly spki: Bytes;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly der: Bytes;
  readonly fingerprint: Fingerprint;
  /** All that it says, or its host names and addresses alone. */
  readonly names: readonly GeneralName[];
  /** Label of the certificate that signed it. */
  readonly issuer: string;
  /** The use of its join code, where that is on record: the row of what the code gave to this key before, if anything. */
  readonly use: { readonly before: number | undefined } | undefined;
}

/** What came on record. */
export interface RecordedCertificate {
  /** The row. */
  readonly id: number;
  /** When its identity had ended, which goes on now: a reissue says so before, and nothing else may. */
  readonly endedMs: number | null;
}

const attachment: Attachment<Details, IssuedCertificate> = {
  as: 'certificate',
  isOf: (logged, der) => fingerprint(der) === logged.fingerprint,
  find: async (records, decision) => (await records.certificates.find(decision.details.serial))?.certificate,
  async open(tx, { details: { token } }, der) {
    const certificate = parseCertificate(der);
    const issuer = await issuerOf(tx, certificate);
    const use = await useOf(tx, token, certificate);
    return { ...certificate, names: certificate.extensions.subjectAltNames, issuer, use };
  },
};

/** A certificate, the first of its key or by another right than the one before. */
export const issued = logKind({
  name: 'issued',
  details,
  attachment,
  apply: (tx, decision, certificate: IssuedCertificate) =>
    putOnRecord(tx, decision, { ...certificate, withKey: decision.details.withKey === true }),
  learnt: () => ({ certificates: 1 }),
});

/** The next certificate of an identity; who makes its keys stays as it was. */
export const renewed = logKind({
  name: 'renewed',
  details,
  attachment,
  apply: (tx, decision, certificate: IssuedCertificate) =>
    putOnRecord(tx, decision, { ...certificate, withKey: undefined }),
  learnt: () => ({ certificates: 1 }),
});

async function putOnRecord(
  tx: Records,
  { details: { identity: label, token, issuedBefore }, atMs }: Decision<Details>,
  certificate: IssuedCertificate & { readonly withKey: boolean | undefined },
): Promise<RecordedCertificate> {
  const { serial, issuer, spki, notBefore, notAfter, der, withKey, use } = certificate;
  const identity = identityOf(label);
  const nowMs = issuedBefore === true ? notBefore.getTime() : atMs;
  const not_after = notAfter.getTime();
  const owner = await tx.identities.ensure(identity, { nowMs, liveUntilMs: not_after, withKey });
  if (owner.revoked_at !== null) await tx.identities.revive(identity);
  const id = await tx.certificates.insert({
    serial,
    identity: owner.id,
    issuer,
    public_key: publicKeyHash(spki),
    not_after,
    issued_at: nowMs,
    certificate: der,
  });
  await tx.certificateNames.insert(id, certificate);
  if (token !== undefined && use !== undefined) await recordUse(tx, token, { id, before: use.before });
  return { id, endedMs: owner.revoked_at };
}

/** A join code gave a certificate: to another machine, or to that which had one by it before. */
async function recordUse(
  { joinCodes }: Records,
  token: number,
  { id, before }: { readonly id: number; readonly before: number | undefined },
): Promise<void> {
  if (before === undefined) await joinCodes.countUse(token, id);
  else await joinCodes.replaceUse(before, id);
}

/** What the join code of a record gave to the key before; undefined for a code that is not on record here. */
async function useOf(
  { joinCodes }: Records,
  token: number | undefined,
  { spki }: Certificate,
): Promise<IssuedCertificate['use']> {
  if (token === undefined || (await joinCodes.find(token)) === undefined) return undefined;
  return { before: await joinCodes.useOf(token, publicKeyHash(spki)) };
}

/** The label of the certificate that signed it. @throws HoldfastError `authority_damaged` when none did */
async function issuerOf(tx: Records, certificate: Certificate): Promise<string> {
  for (const { label, certificate: der } of await tx.issuers.list('issuing')) {
    if (verifyCertificateSignature(certificate, publicKeyOf(parseCertificate(der)))) return label;
  }
  throw authorityDamaged(
    `the log names certificate ${certificate.serial}, which no issuing certificate here signed`,
  );
}
