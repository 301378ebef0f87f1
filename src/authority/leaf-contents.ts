import type { Bytes } from '../base/index.ts';
import {
  type Certificate,
  type CertificateTemplate,
  createName,
  describePublicKey,
  type GeneralName,
  generateSerialNumber,
  type Identity,
  identityUri,
  type KeyUsage,
  keyIdentifier,
  type Name,
  type SerialNumber,
} from '../pki/index.ts';
import type { ProfilePolicy } from '../policy/index.ts';
import type { Issuer } from './issuer.ts';
import { statusPaths } from './status-address.ts';

/** What was authorised: the only source of what a node's certificate says about it. */
export interface Authorisation {
  readonly identity: Identity;
  /** The distinguished name; the identity's name as CN unless said. */
  readonly subject?: Name;
  /** Host names and addresses, for roles that have them. */
  readonly names: readonly GeneralName[];
}

/** The subject that was authorised for a node's certificate. */
export function subjectOf({ identity, subject }: Omit<Authorisation, 'names'>): Name {
  return subject ?? createName({ CN: identity.name });
}

/** All names of a node's certificate, the identity first. */
export function subjectAltNamesOf({ identity, names }: Authorisation): GeneralName[] {
  return [{ kind: 'uri', value: identityUri(identity) }, ...names];
}

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
  const { lifetimeMs, backdateMs, extendedKeyUsage, subject } = profile;
  const { identity } = authorisation;
  const { certificate, label } = issuer.issuing;
  const { statusAddress } = issuer;
  return {
    serial: generateSerialNumber(nowMs),
    issuer: certificate.subject,
    subject: subject === 'name' ? subjectOf({ identity }) : subjectOf(authorisation),
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
