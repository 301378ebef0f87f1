import type { Bytes } from '../../base/index.ts';
import { malformed } from './der-tag.ts';

/** An object identifier in dotted form, e.g. `2.5.29.17`. */
export type ObjectIdentifier = `${number}.${string}`;

/** UUID-based identifiers (2.25.x) need 20 bytes; anything far beyond exists only to waste time. */
const maxContentBytes = 128;

const registered = new Set<ObjectIdentifier>();
const knownByContent = new Map<string, ObjectIdentifier>();
const contentByOid = new Map<ObjectIdentifier, Bytes>();

/**
 * Makes reading and writing of `oids` a table look-up from the second time on; for the fixed tables of this folder, never for
 * input. Nothing is worked out before it is met: most commands meet few of them.
 */
export function registerOids(oids: Iterable<ObjectIdentifier>): void {
  for (const oid of oids) registered.add(oid);
}

/** The content octets of an OBJECT IDENTIFIER (X.690 §8.19); a `TypeError` for text that is no identifier. */
export function encodeOid(oid: ObjectIdentifier): Bytes {
  const known = contentByOid.get(oid);
  if (known !== undefined) return known;
  const content = encodeArcs(oid);
  if (registered.has(oid)) contentByOid.set(oid, content);
  return content;
}

/** The identifier whose content octets are `content[start..end)`. @throws HoldfastError `der_malformed` */
export function parseOid(content: Buffer, start: number, end: number): ObjectIdentifier {
  const key = content.toString('latin1', start, end);
  const known = knownByContent.get(key);
  if (known !== undefined) return known;
  const oid = decodeArcs(content.subarray(start, end), start);
  if (registered.has(oid)) knownByContent.set(key, oid);
  return oid;
}

function decodeArcs(content: Bytes, at: number): ObjectIdentifier {
  if (content.length === 0) throw malformed('object identifier is empty', at);
  if (content.length > maxContentBytes) throw malformed('object identifier is too long', at);
  const arcs: string[] = [];
  let arc = 0n;
  let fresh = true;
  for (const byte of content) {
    if (fresh && byte === 0x80) throw malformed('object identifier arc is not minimal', at);
    arc = (arc << 7n) | BigInt(byte & 0x7f);
    fresh = byte < 0x80;
    if (!fresh) continue;
    arcs.push(arcs.length === 0 ? firstArcs(arc) : arc.toString());
    arc = 0n;
  }
  if (!fresh) throw malformed('object identifier ends inside an arc', at);
  return arcs.join('.') as ObjectIdentifier;
}

/** The first octets hold two arcs, 40·a + b, where a is at most 2 (X.690 §8.19.4). */
function firstArcs(arc: bigint): string {
  if (arc < 80n) return `${arc / 40n}.${arc % 40n}`;
  return `2.${arc - 80n}`;
}

function encodeArcs(oid: ObjectIdentifier): Bytes {
  if (!/^(?:[01]\.[1-3]?\d|2\.(?:0|[1-9]\d*))(?:\.(?:0|[1-9]\d*))*$/.test(oid)) {
    throw new TypeError(`not an object identifier: ${oid}`);
  }
  const [first = 0n, second = 0n, ...rest] = oid.split('.').map(BigInt);
  return Uint8Array.from([first * 40n + second, ...rest].flatMap(base128));
}

function base128(arc: bigint): number[] {
  const octets = [Number(arc & 0x7fn)];
  for (let left = arc >> 7n; left > 0n; left >>= 7n) octets.unshift(Number(left & 0x7fn) | 0x80);
  return octets;
}

/**
 * Names an object identifier for people, with its digits beside: `unstructuredName (1.2.840.113549.1.9.2)`. One that is not
 * known here is its digits alone.
 */
export function describeOid(oid: ObjectIdentifier): string {
  const name = oidName(oid);
  return name === undefined ? oid : `${name} (${oid})`;
}

/** The word for an object identifier, in the table that everybody names them by; undefined for one that is not in it. */
export function oidName(oid: string): string | undefined {
  return (names as Readonly<Record<string, string | undefined>>)[oid];
}

/** What people meet in requests, certificates and key files, by the names of the documents that define it. */
const names: Readonly<Partial<Record<ObjectIdentifier, string>>> = {
  // Attributes of requests (RFC 2985 §5.4; Microsoft's enrolment protocol, MS-WCCE §2.2.2.7).
  '1.2.840.113549.1.9.1': 'emailAddress',
  '1.2.840.113549.1.9.2': 'unstructuredName',
  '1.2.840.113549.1.9.3': 'contentType',
  '1.2.840.113549.1.9.4': 'messageDigest',
  '1.2.840.113549.1.9.5': 'signingTime',
  '1.2.840.113549.1.9.7': 'challengePassword',
  '1.2.840.113549.1.9.8': 'unstructuredAddress',
  '1.2.840.113549.1.9.14': 'extensionRequest',
  '1.2.840.113549.1.9.15': 'smimeCapabilities',
  '1.2.840.113549.1.9.20': 'friendlyName',
  '1.2.840.113549.1.9.21': 'localKeyId',
  '1.3.6.1.4.1.311.2.1.14': 'certExtensions',
  '1.3.6.1.4.1.311.13.1': 'renewalCertificate',
  '1.3.6.1.4.1.311.13.2.1': 'enrollmentNameValuePair',
  '1.3.6.1.4.1.311.13.2.2': 'enrollmentCspProvider',
  '1.3.6.1.4.1.311.13.2.3': 'osVersion',
  '1.3.6.1.4.1.311.21.20': 'requestClientInfo',
  '1.3.6.1.4.1.311.21.31': 'ekCertificate',
  // Attributes of names (X.520, RFC 4519, EV guidelines).
  '2.5.4.3': 'commonName',
  '2.5.4.4': 'surname',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'countryName',
  '2.5.4.7': 'localityName',
  '2.5.4.8': 'stateOrProvinceName',
  '2.5.4.9': 'streetAddress',
  '2.5.4.10': 'organizationName',
  '2.5.4.11': 'organizationalUnitName',
  '2.5.4.12': 'title',
  '2.5.4.13': 'description',
  '2.5.4.15': 'businessCategory',
  '2.5.4.16': 'postalAddress',
  '2.5.4.17': 'postalCode',
  '2.5.4.18': 'postOfficeBox',
  '2.5.4.20': 'telephoneNumber',
  '2.5.4.41': 'name',
  '2.5.4.42': 'givenName',
  '2.5.4.43': 'initials',
  '2.5.4.44': 'generationQualifier',
  '2.5.4.45': 'x500UniqueIdentifier',
  '2.5.4.46': 'dnQualifier',
  '2.5.4.51': 'houseIdentifier',
  '2.5.4.65': 'pseudonym',
  '2.5.4.97': 'organizationIdentifier',
  '0.9.2342.19200300.100.1.1': 'userId',
  '0.9.2342.19200300.100.1.3': 'mail',
  '0.9.2342.19200300.100.1.25': 'domainComponent',
  '2.5.4.14': 'searchGuide',
  '2.5.4.19': 'physicalDeliveryOfficeName',
  '2.5.4.23': 'facsimileTelephoneNumber',
  '2.5.4.54': 'dmdName',
  '2.5.4.72': 'role',
  '1.3.6.1.4.1.311.60.2.1.1': 'jurisdictionLocalityName',
  '1.3.6.1.4.1.311.60.2.1.2': 'jurisdictionStateOrProvinceName',
  '1.3.6.1.4.1.311.60.2.1.3': 'jurisdictionCountryName',
  // Other names (RFC 4556, MS-WCCE).
  '1.3.6.1.4.1.311.20.2.3': 'userPrincipalName',
  '1.3.6.1.4.1.311.25.1': 'ntdsReplication',
  '1.3.6.1.5.2.2': 'krb5PrincipalName',
  '1.3.6.1.5.5.7.8.5': 'xmppAddr',
  '1.3.6.1.5.5.7.8.7': 'srvName',
  '1.3.6.1.5.5.7.8.9': 'smtpUtf8Mailbox',
  // Extensions (RFC 5280 §4.2, RFC 6960, RFC 6962, RFC 7633; Microsoft, Netscape, Yubico).
  '2.5.29.9': 'subjectDirectoryAttributes',
  '2.5.29.14': 'subjectKeyIdentifier',
  '2.5.29.15': 'keyUsage',
  '2.5.29.16': 'privateKeyUsagePeriod',
  '2.5.29.17': 'subjectAltName',
  '2.5.29.18': 'issuerAltName',
  '2.5.29.19': 'basicConstraints',
  '2.5.29.20': 'cRLNumber',
  '2.5.29.21': 'reasonCode',
  '2.5.29.24': 'invalidityDate',
  '2.5.29.27': 'deltaCRLIndicator',
  '2.5.29.28': 'issuingDistributionPoint',
  '2.5.29.29': 'certificateIssuer',
  '2.5.29.30': 'nameConstraints',
  '2.5.29.31': 'cRLDistributionPoints',
  '2.5.29.32': 'certificatePolicies',
  '2.5.29.33': 'policyMappings',
  '2.5.29.35': 'authorityKeyIdentifier',
  '2.5.29.36': 'policyConstraints',
  '2.5.29.37': 'extendedKeyUsage',
  '2.5.29.46': 'freshestCRL',
  '2.5.29.54': 'inhibitAnyPolicy',
  '1.3.6.1.5.5.7.1.1': 'authorityInfoAccess',
  '1.3.6.1.5.5.7.1.3': 'qcStatements',
  '1.3.6.1.5.5.7.1.11': 'subjectInfoAccess',
  '1.3.6.1.5.5.7.1.24': 'tlsFeature (must-staple)',
  '1.3.6.1.5.5.7.48.1.5': 'ocspNoCheck',
  '1.3.6.1.5.5.7.1.31': 'acmeIdentifier',
  '1.2.840.113533.7.65.0': 'entrustVersInfo',
  '1.3.6.1.4.1.11129.2.4.2': 'signedCertificateTimestampList',
  '1.3.6.1.4.1.11129.2.4.3': 'precertificatePoison',
  '1.3.6.1.4.1.311.20.2': 'certificateTemplateName',
  '1.3.6.1.4.1.311.21.1': 'cAVersion',
  '1.3.6.1.4.1.311.21.7': 'certificateTemplate',
  '1.3.6.1.4.1.311.21.10': 'applicationPolicies',
  '1.3.6.1.4.1.311.25.2': 'ntdsCaSecurity',
  '2.16.840.1.113730.1.1': 'netscapeCertType',
  '2.16.840.1.113730.1.2': 'netscapeBaseUrl',
  '2.16.840.1.113730.1.3': 'netscapeRevocationUrl',
  '2.16.840.1.113730.1.4': 'netscapeCaRevocationUrl',
  '2.16.840.1.113730.1.7': 'netscapeRenewalUrl',
  '2.16.840.1.113730.1.8': 'netscapeCaPolicyUrl',
  '2.16.840.1.113730.1.12': 'netscapeSslServerName',
  '2.16.840.1.113730.1.13': 'netscapeComment',
  '1.3.6.1.4.1.41482.3.3': 'yubicoFirmwareVersion',
  '1.3.6.1.4.1.41482.3.7': 'yubicoSerialNumber',
  '1.3.6.1.4.1.41482.3.8': 'yubicoPinPolicy',
  '1.3.6.1.4.1.41482.3.9': 'yubicoFormFactor',
  '1.3.6.1.4.1.41482.3.11': 'yubicoAttestationCertificate',
  // Purposes of keys (RFC 5280 §4.2.1.12, RFC 4945, Microsoft).
  '2.5.29.37.0': 'anyExtendedKeyUsage',
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.5': 'ipsecEndSystem',
  '1.3.6.1.5.5.7.3.6': 'ipsecTunnel',
  '1.3.6.1.5.5.7.3.7': 'ipsecUser',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
  '1.3.6.1.5.5.7.3.13': 'eapOverPPP',
  '1.3.6.1.5.5.7.3.14': 'eapOverLAN',
  '1.3.6.1.5.5.7.3.17': 'ipsecIKE',
  '1.3.6.1.5.5.7.3.18': 'capwapAC',
  '1.3.6.1.5.5.7.3.19': 'capwapWTP',
  '1.3.6.1.5.5.7.3.20': 'sipDomain',
  '1.3.6.1.5.5.7.3.21': 'secureShellClient',
  '1.3.6.1.5.5.7.3.22': 'secureShellServer',
  '1.3.6.1.5.5.7.3.36': 'documentSigning',
  '1.3.6.1.5.2.3.4': 'pkInitClientAuth',
  '1.3.6.1.5.2.3.5': 'pkInitKDC',
  '1.3.6.1.4.1.311.10.3.3': 'serverGatedCrypto',
  '1.3.6.1.4.1.311.10.3.4': 'encryptingFileSystem',
  '1.3.6.1.4.1.311.10.3.4.1': 'fileRecovery',
  '1.3.6.1.4.1.311.10.3.11': 'keyRecovery',
  '1.3.6.1.4.1.311.10.3.12': 'microsoftDocumentSigning',
  '1.3.6.1.4.1.311.21.5': 'privateKeyArchival',
  '1.3.6.1.4.1.311.21.6': 'keyRecoveryAgent',
  '1.3.6.1.4.1.311.21.19': 'directoryServiceReplication',
  '2.16.840.1.113730.4.1': 'netscapeServerGatedCrypto',
  '1.2.840.113583.1.1.5': 'adobeDocumentSigning',
  '1.3.6.1.4.1.311.20.2.1': 'enrollmentAgent',
  '1.3.6.1.4.1.311.20.2.2': 'smartcardLogon',
  '1.3.6.1.4.1.311.54.1.2': 'remoteDesktopAuthentication',
  '1.3.6.1.5.5.8.2.2': 'iKEIntermediate',
  // Signatures that are not taken (RFC 3279 §2.2, RFC 5758, NIST).
  '1.2.840.10045.4.3': 'ecdsa-with-Specified',
  '1.2.840.10045.4.3.1': 'ecdsa-with-SHA224',
  '1.2.840.113549.1.1.2': 'md2WithRSAEncryption',
  '1.2.840.113549.1.1.14': 'sha224WithRSAEncryption',
  '1.2.840.10040.4.3': 'dsa-with-SHA1',
  '2.16.840.1.101.3.4.3.2': 'dsa-with-SHA256',
  '1.3.101.113': 'Ed448',
  '2.16.840.1.101.3.4.3.10': 'ecdsa-with-SHA3-256',
  '2.16.840.1.101.3.4.3.14': 'rsassa-pkcs1-v1_5-with-SHA3-256',
  '2.16.840.1.101.3.4.3.17': 'ML-DSA-44',
  '2.16.840.1.101.3.4.3.18': 'ML-DSA-65',
  '2.16.840.1.101.3.4.3.19': 'ML-DSA-87',
  '1.2.156.10197.1.501': 'SM2 with SM3',
  // Kinds of content and of protection (RFC 5652, RFC 5272, RFC 8018, RFC 7292).
  '1.2.840.113549.1.7.1': 'data',
  '1.2.840.113549.1.7.2': 'signedData',
  '1.2.840.113549.1.7.3': 'envelopedData',
  '1.2.840.113549.1.7.6': 'encryptedData',
  '1.3.6.1.5.5.7.12.2': 'CMC request',
  '1.3.6.1.5.5.7.12.3': 'CMC response',
  '1.2.840.113549.1.5.12': 'PBKDF2',
  '1.2.840.113549.1.5.13': 'PBES2',
  '1.2.840.113549.1.5.14': 'PBMAC1',
  '1.3.6.1.4.1.11591.4.11': 'scrypt',
  '1.2.840.113549.2.5': 'MD5',
  '2.16.840.1.101.3.4.2.4': 'SHA-224',
  '2.16.840.1.101.3.4.2.8': 'SHA3-256',
  '1.2.840.113549.2.7': 'HMAC with SHA-1',
  '1.2.840.113549.2.8': 'HMAC with SHA-224',
  '1.2.643.7.1.1.2.2': 'GOST R 34.11-2012',
  '2.16.840.1.101.3.4.1.6': 'AES-128-GCM',
  '2.16.840.1.101.3.4.1.46': 'AES-256-GCM',
  '1.2.392.200011.61.1.1.1.4': 'Camellia-256-CBC',
  '1.2.840.113549.1.5.3': 'PBES1 with MD5 and DES',
  '1.2.840.113549.1.5.10': 'PBES1 with SHA-1 and DES',
};
