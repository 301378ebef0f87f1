import {
  type Certificate,
  describePublicKey,
  formatGeneralName,
  formatName,
  identityUri,
  type PublicKeyInfo,
  type RevocationReason,
} from '../pki/index.ts';

/** What a certificate is good for at a moment, by its dates and the authority's records. */
export type CertificateState = 'valid' | 'expired' | 'not yet valid' | 'revoked';

/** A certificate as it is shown; the names of the keys are stable. */
export interface CertificateView {
  readonly serial: string;
  /** SHA-256 of the DER. */
  readonly fingerprint: string;
  readonly subject: string;
  readonly issuer: string;
  /** `spiffe://<network>/<role>/<name>`, where it is an identity's. */
  readonly identity: string | undefined;
  readonly names: readonly string[];
  readonly key: string;
  /** ISO 8601. */
  readonly notBefore: string;
  readonly notAfter: string;
  readonly state: CertificateState;
  /** There when it ends because its issuer does, before its profile's lifetime is over. */
  readonly clipped?: true;
  /** ISO 8601; of one that is revoked, like the reason, in a word of RFC 5280. */
  readonly revokedAt?: string;
  readonly revocationReason?: RevocationReason;
  /** There when what issued it was revoked, and not it: it can still be renewed. */
  readonly byIssuer?: true;
}

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

function stateAt({ notBefore, notAfter }: Certificate, nowMs: number): CertificateState {
  if (nowMs < notBefore.getTime()) return 'not yet valid';
  return nowMs > notAfter.getTime() ? 'expired' : 'valid';
}
