import type { Bytes } from '../../base/index.ts';
import {
  type Certificate,
  type CertificateTemplate,
  describePublicKey,
  generateSerialNumber,
  type KeyUsage,
  keyIdentifier,
  type SerialNumber,
} from '../../pki/index.ts';
import type { ProfilePolicy } from '../../policy/index.ts';
import type { Issuer } from '../issuers/issuer.ts';
import { statusPaths } from '../issuers/status-address.ts';
import { type Authorisation, subjectAltNamesOf } from './authorisation.ts';
import { leafSubject } from './leaf-subject.ts';

/** How a node's certificate is made. */
export interface LeafOptions {
  readonly profile: ProfilePolicy;
  readonly spki: Bytes;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * What the certificate of a node says, by `profile`, that of its role, from `nowMs` on. Its end is that of the issuing
 * certificate when that comes first.
 */
export function leafTemplate(
  issuer: Issuer,
  authorisation: Authorisation,
  { profile, spki, nowMs }: LeafOptions,
): CertificateTemplate & { readonly serial: SerialNumber } {
  const { lifetimeMs, backdateMs, extendedKeyUsage } = profile;
  const { certificate, label } = issuer.issuing;
  const { statusAddress } = issuer;
  return {
    serial: generateSerialNumber(nowMs),
    issuer: certificate.subject,
    subject: leafSubject(certificate, authorisation, profile),
    notBefore: new Date(nowMs - backdateMs),
    notAfter: new Date(Math.min(nowMs + lifetimeMs, certificate.notAfter.getTime())),
    spki,
    extensions: {
      basicConstraints: { ca: false },
      keyUsage: keyUsageFor(extendedKeyUsage, spki),
      extendedKeyUsage,
      subjectAltNames: subjectAltNamesOf(authorisation),
      authorityKeyId: keyIdentifierOf(certificate),
      crlUrls: [statusAddress + statusPaths.crl(label)],
      ocspUrls: [statusAddress + statusPaths.ocsp],
      issuerUrls: [statusAddress + statusPaths.certificate(label)],
    },
  };
}

/** TLS 1.3 uses signatures alone, but programs with NSS ask of a server with an RSA key that it may encipher keys too. */
function keyUsageFor(purposes: ProfilePolicy['extendedKeyUsage'], spki: Bytes): readonly KeyUsage[] {
  const enciphers = purposes.includes('serverAuth') && describePublicKey(spki).kind === 'rsa';
  return enciphers ? ['digitalSignature', 'keyEncipherment'] : ['digitalSignature'];
}

const keyIdentifiers = new WeakMap<Certificate, Bytes>();

function keyIdentifierOf(issuing: Certificate): Bytes {
  const known = keyIdentifiers.get(issuing) ?? keyIdentifier(issuing.spki);
  keyIdentifiers.set(issuing, known);
  return known;
}
