import { Type } from 'typebox';
import {
  type Certificate,
  describePublicKey,
  formatGeneralName,
  formatName,
  identityUri,
  type PublicKeyInfo,
  type RevocationReason,
} from '../pki/index.ts';
import { type Answer, Time } from './answer.ts';

/** The fields of a certificate as it is shown; their names are stable. */
export const certificateFields = {
  serial: Type.String(),
  /** SHA-256 of the DER. */
  fingerprint: Type.String(),
  subject: Type.String(),
  issuer: Type.String(),
  /** `spiffe://<network>/<role>/<name>`, where it is an identity's. */
  identity: Type.Optional(Type.String()),
  names: Type.Array(Type.String()),
  key: Type.String(),
  notBefore: Time,
  notAfter: Time,
  /** What it is good for at a moment, by its dates and the authority's records. */
  state: Type.Enum(['valid', 'expired', 'not yet valid', 'revoked']),
  /** There when it ends because its issuer does, before its profile's lifetime is over. */
  clipped: Type.Optional(Type.Literal(true)),
  /** Of one that is revoked, like the reason, in a word of RFC 5280. */
  revokedAt: Type.Optional(Time),
  revocationReason: Type.Optional(Type.String()),
  /** There when what issued it was revoked, and not it: it can still be renewed. */
  byIssuer: Type.Optional(Type.Literal(true)),
};

/** A certificate as it is shown. */
export const CertificateView = Type.Object(certificateFields);
export type CertificateView = Answer<typeof CertificateView>;

/** When and why a certificate was revoked. */
export interface RevocationView {
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

/** `P-256`, `RSA 3072`, `Ed25519`. */
export function nameKey(key: PublicKeyInfo): string {
  if (key.kind === 'ec') return key.curve;
  return key.kind === 'ed25519' ? 'Ed25519' : `RSA ${key.modulusBits}`;
}

function stateAt({ notBefore, notAfter }: Certificate, nowMs: number): CertificateView['state'] {
  if (nowMs < notBefore.getTime()) return 'not yet valid';
  return nowMs > notAfter.getTime() ? 'expired' : 'valid';
}
