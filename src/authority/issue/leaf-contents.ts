import type { Bytes } from '../../base/index.ts';
import {
  attributeOids,
  type Certificate,
  type CertificateTemplate,
  createName,
  describePublicKey,
  generateSerialNumber,
  isHostName,
  type KeyUsage,
  keyIdentifier,
  type Name,
  type NameAttribute,
  type NameConstraints,
  type SerialNumber,
} from '../../pki/index.ts';
import type { ProfilePolicy } from '../../policy/index.ts';
import { forbiddenName } from '../../trust/index.ts';
import { type Issuer, statusPaths } from '../issuers/index.ts';
import { identityLabel } from '../records/index.ts';
import { type Authorisation, subjectAltNamesOf } from './authorisation.ts';

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

/** RFC 5280 Appendix A.1, ub-common-name. */
const maxCommonNameLength = 64;

/** The subject of a node's certificate below `issuing`: by its profile what was authorised, or the identity's name alone. */
export function leafSubject(
  { extensions }: Certificate,
  authorisation: Authorisation,
  profile: ProfilePolicy,
): Name {
  const subject = profile.subject === 'name' ? undefined : authorisation.subject;
  const wanted = subject ?? createName({ CN: authorisation.identity.name });
  const { nameConstraints } = extensions;
  if (nameConstraints === undefined) return wanted;
  const label = identityLabel(authorisation.identity);
  if (!profile.extendedKeyUsage.includes('serverAuth')) return withoutHostName(wanted, label);
  const isCalledByHost = authorisation.names.some(({ kind }) => kind === 'dns');
  return isCalledByHost ? wanted : withoutForeignName(wanted, label, nameConstraints);
}

/**
 * OpenSSL, GnuTLS and Java take the common name of a server that has addresses alone for a host name, and `192.168.1.*` or the
 * machine's name is below no domain: such a server is called by its user id instead.
 */
function withoutForeignName(subject: Name, label: string, constraints: NameConstraints): Name {
  const isForeign = ({ oid, value }: NameAttribute): boolean =>
    oid === attributeOids.CN && forbiddenName([{ kind: 'dns', value }], constraints) !== undefined;
  if (!subject.flat().some(isForeign)) return subject;
  const others = without(subject, isForeign);
  return others.length > 0 ? others : createName({ UID: label });
}

/**
 * Java judges a common name that could be a host's by the constraints on hosts, also in the certificate of a client
 * that has none: `client/laptop` in the place of `laptop` cannot be taken for one.
 */
function withoutHostName(subject: Name, label: string): Name {
  const isHost = ({ oid, value }: NameAttribute): boolean => oid === attributeOids.CN && isHostName(value);
  if (!subject.flat().some(isHost)) return subject;
  const others = without(subject, isHost);
  return label.length > maxCommonNameLength ? others : [...others, ...createName({ CN: label })];
}

function without(subject: Name, isLeftOut: (attribute: NameAttribute) => boolean): Name {
  return subject
    .map((rdn) => rdn.filter((attribute) => !isLeftOut(attribute)))
    .filter(({ length }) => length > 0);
}
