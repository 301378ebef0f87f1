import { Type } from 'typebox';
import type { IssuerCustody } from '../authority/index.ts';
import { dayMs } from '../base/index.ts';
import {
  type Certificate,
  describePublicKey,
  formatGeneralName,
  formatName,
  formatSubtree,
  identityUri,
  type NameConstraints,
  type PublicKeyInfo,
  type RevocationReason,
} from '../pki/index.ts';
import { type Answer, PresentWhen, TextOrNull, Time, TimeOrNull } from './answer.ts';

/** The fields of a certificate as it is shown; their names are stable. */
export const certificateFields = {
  serial: Type.String(),
  /** SHA-256 of the DER. */
  fingerprint: Type.String(),
  subject: Type.String(),
  issuer: Type.String(),
  /** `spiffe://<network>/<role>/<name>` */
  identity: PresentWhen("it is an identity's", Type.String()),
  names: Type.Array(Type.String()),
  key: Type.String(),
  notBefore: Time,
  notAfter: Time,
  /** What it is good for at a moment, by its dates and the authority's records. */
  state: Type.Enum(['valid', 'expired', 'not yet valid', 'revoked']),
  clipped: PresentWhen(
    "it ends because its issuer does, before its profile's lifetime is over",
    Type.Literal(true),
  ),
  revokedAt: PresentWhen('it is revoked', Time),
  /** A word of RFC 5280. */
  revocationReason: PresentWhen('it is revoked', Type.String()),
  byIssuer: PresentWhen(
    'what issued it was revoked, and not it: it can still be renewed',
    Type.Literal(true),
  ),
};

/** A certificate as it is shown. */
export const CertificateView = Type.Object(certificateFields);
export type CertificateView = Answer<typeof CertificateView>;

/** When and why a certificate was revoked. */
interface RevocationView {
  readonly revokedAt?: Date;
  readonly revocationReason?: RevocationReason;
  readonly byIssuer?: true;
}

/** Describes a certificate as it stands at `nowMs`, milliseconds since 1970. */
export function describeCertificate(
  certificate: Certificate,
  nowMs: number,
  { revokedAt, revocationReason, byIssuer }: RevocationView = {},
): CertificateView {
  const { identity, serial, fingerprint, notBefore, notAfter } = certificate;
  return {
    serial,
    fingerprint,
    subject: formatName(certificate.subject),
    issuer: formatName(certificate.issuer),
    identity: identity && identityUri(identity),
    names: (certificate.extensions.subjectAltNames ?? []).map(formatGeneralName),
    key: nameKey(describePublicKey(certificate.spki)),
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
    state: revokedAt === undefined ? stateAt(certificate, nowMs) : 'revoked',
    revokedAt: revokedAt?.toISOString(),
    revocationReason,
    ...(byIssuer && { byIssuer }),
  };
}

/** `P-256`, `RSA 3072`, `Ed25519`, `ML-DSA-65`. */
export function nameKey(key: PublicKeyInfo): string {
  if (key.kind === 'ec') return key.curve;
  if (key.kind === 'ml-dsa') return key.parameterSet;
  return key.kind === 'ed25519' ? 'Ed25519' : `RSA ${key.modulusBits}`;
}

function stateAt({ notBefore, notAfter }: Certificate, nowMs: number): CertificateView['state'] {
  if (nowMs < notBefore.getTime()) return 'not yet valid';
  return nowMs > notAfter.getTime() ? 'expired' : 'valid';
}

/** A certificate of the authority's own as it is shown; the names of the keys are stable. */
export const IssuerView = Type.Object({
  /** `root-1`, `issuing-2`. */
  label: Type.String(),
  kind: Type.Enum(['root', 'issuing']),
  /** Whether it is the one in use. */
  current: Type.Boolean(),
  ...certificateFields,
  /** Whole days; negative once it has ended. */
  daysLeft: Type.Integer(),
  keyPlace: Type.Enum(['here', 'offline', 'gone']),
  /** Where the key was taken to, and when; null unless it is offline. */
  keyFile: TextOrNull,
  keySince: TimeOrNull,
  /** Which names the certificates below it may carry; both empty when any. */
  permitted: Type.Array(Type.String()),
  excluded: Type.Array(Type.String()),
});

/** Describes a certificate of the authority as it stands at `nowMs`, milliseconds since 1970. */
export function describeIssuer(issuer: IssuerCustody, nowMs: number): Answer<typeof IssuerView> {
  const { label, kind, current, certificate, key, revoked } = issuer;
  const end = revoked && { revokedAt: revoked.at, revocationReason: revoked.reason };
  const offline = key.place === 'offline' ? key : undefined;
  return {
    label,
    kind,
    current,
    ...describeCertificate(certificate, nowMs, end),
    daysLeft: Math.floor((certificate.notAfter.getTime() - nowMs) / dayMs),
    keyPlace: key.place,
    keyFile: offline?.file ?? null,
    keySince: offline?.since.toISOString() ?? null,
    ...describeConstraints(certificate.extensions.nameConstraints),
  };
}

function describeConstraints(
  { permitted, excluded }: NameConstraints = { permitted: [], excluded: [] },
): Pick<Answer<typeof IssuerView>, 'permitted' | 'excluded'> {
  return { permitted: permitted.map(formatSubtree), excluded: excluded.map(formatSubtree) };
}
