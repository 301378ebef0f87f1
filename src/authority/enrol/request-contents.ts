import { extensionOids, formatGeneralName, type GeneralName, readOtherName } from '../../pki/index.ts';

/**
 * What becomes of something that a request asks for and its certificate will not say.
 *
 * `harmless`: left out by everybody, since nobody gets less than the profile gives, or nothing that anybody relies on.
 * `widening`: it names somebody or something else, or would let the certificate be used for more. A join code and an old
 * certificate refuse it by name; by hand it is shown, and left out by whoever approves. `refused`: no node has it, and
 * whoever asks for it means another kind of certificate.
 */
export type ContentClass = 'harmless' | 'widening' | 'refused';

/** One kind of thing that requests ask for. */
export interface ContentRow {
  /** Extensions, purposes (extended key usages), request attributes, subject attributes and names by their identifier. */
  readonly in: 'extension' | 'purpose' | 'attribute' | 'subject' | 'name';
  /** Object identifier; one that ends in a period stands for all below it. */
  readonly oid: string;
  /** The word for it, which people type too. */
  readonly word: string;
  /** Who makes such requests, or what it is for. */
  readonly about: string;
  readonly class: ContentClass;
}

type Rows = readonly (readonly [oid: string, word: string, about: string, contentClass: ContentClass])[];

const extensions: Rows = [
  [extensionOids.subjectKeyId, 'the key identifier', 'every certificate has one', 'harmless'],
  [extensionOids.keyUsage, 'the key usage', 'the profile says it', 'harmless'],
  [extensionOids.extendedKeyUsage, 'the extended key usage', 'the profile says it', 'harmless'],
  [extensionOids.authorityKeyId, "the identifier of the issuer's key", 'the authority says it', 'harmless'],
  [extensionOids.crlDistributionPoints, 'the addresses of lists', 'the authority says them', 'harmless'],
  ['2.5.29.46', 'the addresses of delta lists', 'there are none', 'harmless'],
  [extensionOids.authorityInfoAccess, 'the addresses of the authority', 'it says them itself', 'harmless'],
  ['1.3.6.1.5.5.7.1.11', 'the addresses of the subject', 'for authorities and time stamps', 'harmless'],
  ['2.5.29.16', 'the period of the key', 'it ends with the certificate', 'harmless'],
  ['2.5.29.18', 'other names of the issuer', 'the authority says its own', 'harmless'],
  ['1.3.6.1.5.5.7.1.24', 'must-staple', 'the TLS feature status_request', 'harmless'],
  ['1.2.840.113549.1.9.15', 'the S/MIME capabilities', 'certreq, Outlook', 'harmless'],
  ['1.3.6.1.4.1.311.20.2', 'the template', 'certreq, by name', 'harmless'],
  ['1.3.6.1.4.1.311.21.1', 'the version of the authority', 'certreq', 'harmless'],
  ['1.3.6.1.4.1.311.21.7', 'the template', 'certreq, by number', 'harmless'],
  ['1.3.6.1.4.1.311.21.10', 'the application policies', 'certreq: the purposes once more', 'harmless'],
  ['1.3.6.1.4.1.311.25.2', 'the security identifier', 'an account of Windows', 'widening'],
  ['2.16.840.1.113730.1.1', 'the Netscape type', 'old configurations of OpenSSL', 'harmless'],
  ['2.16.840.1.113730.1.13', 'the comment', 'old configurations of OpenSSL', 'harmless'],
  ['2.16.840.1.113730.1.', 'the Netscape address', 'old configurations of OpenSSL', 'harmless'],
  ['1.2.840.113533.7.65.0', 'the version of Entrust', 'old wizards', 'harmless'],
  ['1.3.6.1.4.1.41482.3.', 'the attestation', 'a YubiKey says where its key was made', 'harmless'],
  ['2.5.29.9', 'attributes of the subject', 'who a person is', 'widening'],
  ['2.5.29.32', 'the certificate policies', 'an authority vouches for them', 'widening'],
  ['1.3.6.1.5.5.7.1.3', 'the qualified statements', 'an authority vouches for them', 'widening'],
  [extensionOids.ocspNoCheck, 'ocsp-nocheck', 'revocation would not be asked for', 'widening'],
  [extensionOids.nameConstraints, 'name constraints', 'of authorities', 'refused'],
  ['2.5.29.33', 'policy mappings', 'of authorities', 'refused'],
  ['2.5.29.36', 'policy constraints', 'of authorities', 'refused'],
  ['2.5.29.54', 'inhibit any policy', 'of authorities', 'refused'],
];

const purposes: Rows = [
  ['serverAuth', 'serverAuth', 'TLS as a server', 'widening'],
  ['clientAuth', 'clientAuth', 'TLS as a client', 'widening'],
  ['codeSigning', 'codeSigning', 'programs', 'widening'],
  ['emailProtection', 'emailProtection', 'mail', 'widening'],
  ['timeStamping', 'timeStamping', 'time stamps', 'widening'],
  ['OCSPSigning', 'OCSPSigning', 'answers about certificates', 'widening'],
  ['anyExtendedKeyUsage', 'anyExtendedKeyUsage', 'anything', 'widening'],
  ['1.3.6.1.5.5.7.3.5', 'ipsecEndSystem', 'IPsec', 'widening'],
  ['1.3.6.1.5.5.7.3.6', 'ipsecTunnel', 'IPsec', 'widening'],
  ['1.3.6.1.5.5.7.3.7', 'ipsecUser', 'IPsec', 'widening'],
  ['1.3.6.1.5.5.7.3.13', 'eapOverPPP', 'network access', 'widening'],
  ['1.3.6.1.5.5.7.3.14', 'eapOverLAN', 'network access', 'widening'],
  ['1.3.6.1.5.5.7.3.17', 'ipsecIKE', 'IPsec', 'widening'],
  ['1.3.6.1.5.5.7.3.21', 'secureShellClient', 'SSH', 'widening'],
  ['1.3.6.1.5.5.7.3.22', 'secureShellServer', 'SSH', 'widening'],
  ['1.3.6.1.5.5.8.2.2', 'ikeIntermediate', 'IPsec', 'widening'],
  ['1.3.6.1.5.2.3.4', 'pkinitClient', 'Kerberos', 'widening'],
  ['1.3.6.1.5.2.3.5', 'pkinitKDC', 'Kerberos', 'widening'],
  ['1.3.6.1.4.1.311.20.2.2', 'smartcardLogon', 'Windows', 'widening'],
  ['1.3.6.1.4.1.311.54.1.2', 'remoteDesktop', 'Windows', 'widening'],
  ['1.3.6.1.4.1.311.10.3.4', 'encryptedFileSystem', 'Windows', 'widening'],
  ['1.3.6.1.4.1.311.10.3.12', 'documentSigning', 'Windows', 'widening'],
  ['1.3.6.1.4.1.311.10.3.3', 'serverGatedCrypto', 'IIS of old, beside serverAuth', 'harmless'],
  ['2.16.840.1.113730.4.1', 'netscapeGatedCrypto', 'wizards of old, beside serverAuth', 'harmless'],
];

/** None of them ever comes into a certificate (RFC 2985 §5.4). */
const attributes: Rows = [
  ['1.2.840.113549.1.9.7', 'the challenge password', 'openssl req, SCEP', 'harmless'],
  ['1.2.840.113549.1.9.2', 'the unstructured name', 'openssl req', 'harmless'],
  ['1.2.840.113549.1.9.8', 'the unstructured address', 'openssl req', 'harmless'],
  ['1.2.840.113549.1.9.20', 'the friendly name', 'PKCS#12', 'harmless'],
  ['1.3.6.1.4.1.311.13.1', 'the certificate before', 'certreq', 'harmless'],
  ['1.3.6.1.4.1.311.13.2.1', 'the pairs of names and values', 'certreq', 'harmless'],
  ['1.3.6.1.4.1.311.13.2.2', 'the provider of the key', 'certreq, IIS', 'harmless'],
  ['1.3.6.1.4.1.311.13.2.3', 'the version of Windows', 'certreq, IIS', 'harmless'],
  ['1.3.6.1.4.1.311.21.20', 'the program that asks', 'certreq, IIS', 'harmless'],
];

const subjects: Rows = [
  ['1.2.840.113549.1.9.2', 'unstructuredName', 'Cisco', 'harmless'],
  ['1.2.840.113549.1.9.8', 'unstructuredAddress', 'Cisco', 'harmless'],
  ['2.5.4.13', 'description', 'directories', 'harmless'],
  ['2.5.4.15', 'businessCategory', 'public authorities', 'harmless'],
  ['2.5.4.20', 'telephoneNumber', 'directories', 'harmless'],
  ['2.5.4.97', 'organizationIdentifier', 'public authorities', 'harmless'],
  ['1.3.6.1.4.1.311.60.2.1.', 'jurisdiction', 'public authorities', 'harmless'],
];

const otherNames: Rows = [
  ['email', 'email', 'VMware, S/MIME', 'widening'],
  ['uri', 'uri', 'SIP', 'widening'],
  ['directory', 'directory', '', 'widening'],
  ['1.3.6.1.4.1.311.20.2.3', 'userPrincipalName', 'Windows', 'widening'],
  ['1.3.6.1.5.2.2', 'kerberosPrincipal', 'certmonger', 'widening'],
  ['1.3.6.1.5.5.7.8.5', 'xmppAddress', 'XMPP', 'widening'],
  ['1.3.6.1.5.5.7.8.7', 'dnsService', 'SRV names', 'widening'],
  ['1.3.6.1.5.5.7.8.9', 'smtpMailbox', 'mail beyond ASCII', 'widening'],
];

/** Everything that is known to be asked for, beside what certificates of nodes say. */
export const contentRows: readonly ContentRow[] = [
  ...rowsIn('extension', extensions),
  ...rowsIn('purpose', purposes),
  ...rowsIn('attribute', attributes),
  ...rowsIn('subject', subjects),
  ...rowsIn('name', otherNames),
];

/** What is not in the table: what is not known could mean anything, but in a subject or beside the request it binds nobody. */
export const unknownClass: Readonly<Record<ContentRow['in'], ContentClass>> = {
  extension: 'widening',
  purpose: 'widening',
  attribute: 'harmless',
  subject: 'harmless',
  name: 'widening',
};

/** What becomes of one thing, and what it is called. */
export interface KnownContent {
  readonly word: string;
  readonly class: ContentClass;
}

/** The row of an extension, a purpose, an attribute, or a type of name; by its identifier where there is none. */
export function findContent(place: ContentRow['in'], oid: string): KnownContent {
  const known = exact[place].get(oid) ?? below[place].find((row) => oid.startsWith(row.oid));
  return known ?? { word: oid, class: unknownClass[place] };
}

/** A name other than a host's, for people: `email:ann@example.com`, `userPrincipalName:ann@corp.example`. */
export function describeName(name: GeneralName): KnownContent {
  const other = readOtherName(name);
  if (other === undefined) return { word: formatGeneralName(name), class: unknownClass.name };
  const { word, class: is } = findContent('name', other.oid);
  return { word: other.text === undefined ? word : `${word}:${other.text}`, class: is };
}

const places = ['extension', 'purpose', 'attribute', 'subject', 'name'] as const;
const exact = byPlace((rows) => new Map(rows.map((row) => [row.oid, row])));
const below = byPlace((rows) => rows.filter(({ oid }) => oid.endsWith('.')));

function byPlace<T>(of: (rows: readonly ContentRow[]) => T): Readonly<Record<ContentRow['in'], T>> {
  const made = places.map((place) => [place, of(contentRows.filter((row) => row.in === place))] as const);
  return Object.fromEntries(made) as Record<ContentRow['in'], T>;
}

function rowsIn(place: ContentRow['in'], rows: Rows): readonly ContentRow[] {
  return rows.map(([oid, word, about, is]) => ({ in: place, oid, word, about, class: is }));
}
