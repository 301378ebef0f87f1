import {
  extensionOids,
  formatGeneralName,
  type GeneralName,
  oidName,
  readOtherName,
} from '../../pki/index.ts';

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
  /** Object identifier; one that ends in a period stands for all below it. A kind of names that has none by its word. */
  readonly oid: string;
  /** Who makes such requests, or what it is for. */
  readonly about: string;
  readonly class: ContentClass;
}

type Rows = readonly (readonly [oid: string, about: string, contentClass: ContentClass])[];

const extensions: Rows = [
  [extensionOids.subjectKeyId, 'every certificate has one', 'harmless'],
  [extensionOids.keyUsage, 'the profile says it', 'harmless'],
  [extensionOids.extendedKeyUsage, 'the profile says it', 'harmless'],
  [extensionOids.authorityKeyId, 'the authority says it', 'harmless'],
  [extensionOids.crlDistributionPoints, 'the authority says them', 'harmless'],
  ['2.5.29.46', 'there are none', 'harmless'],
  [extensionOids.authorityInfoAccess, 'it says them itself', 'harmless'],
  ['1.3.6.1.5.5.7.1.11', 'for authorities and time stamps', 'harmless'],
  ['2.5.29.16', 'it ends with the certificate', 'harmless'],
  ['2.5.29.18', 'the authority says its own', 'harmless'],
  ['1.3.6.1.5.5.7.1.24', 'the TLS feature status_request', 'harmless'],
  ['1.2.840.113549.1.9.15', 'certreq, Outlook', 'harmless'],
  ['1.3.6.1.4.1.311.20.2', 'certreq, by name', 'harmless'],
  ['1.3.6.1.4.1.311.21.1', 'certreq', 'harmless'],
  ['1.3.6.1.4.1.311.21.7', 'certreq, by number', 'harmless'],
  ['1.3.6.1.4.1.311.21.10', 'certreq: the purposes once more', 'harmless'],
  ['1.3.6.1.4.1.311.25.2', 'an account of Windows', 'widening'],
  ['2.16.840.1.113730.1.1', 'old configurations of OpenSSL', 'harmless'],
  ['2.16.840.1.113730.1.13', 'old configurations of OpenSSL', 'harmless'],
  ['2.16.840.1.113730.1.', 'old configurations of OpenSSL', 'harmless'],
  ['1.2.840.113533.7.65.0', 'old wizards', 'harmless'],
  ['1.3.6.1.4.1.41482.3.', 'a YubiKey says where its key was made', 'harmless'],
  ['2.5.29.9', 'who a person is', 'widening'],
  ['2.5.29.32', 'an authority vouches for them', 'widening'],
  ['1.3.6.1.5.5.7.1.3', 'an authority vouches for them', 'widening'],
  [extensionOids.ocspNoCheck, 'revocation would not be asked for', 'widening'],
  [extensionOids.nameConstraints, 'of authorities', 'refused'],
  ['2.5.29.33', 'of authorities', 'refused'],
  ['2.5.29.36', 'of authorities', 'refused'],
  ['2.5.29.54', 'of authorities', 'refused'],
];

const purposes: Rows = [
  ['1.3.6.1.5.5.7.3.1', 'TLS as a server', 'widening'],
  ['1.3.6.1.5.5.7.3.2', 'TLS as a client', 'widening'],
  ['1.3.6.1.5.5.7.3.3', 'programs', 'widening'],
  ['1.3.6.1.5.5.7.3.4', 'mail', 'widening'],
  ['1.3.6.1.5.5.7.3.8', 'time stamps', 'widening'],
  ['1.3.6.1.5.5.7.3.9', 'answers about certificates', 'widening'],
  ['2.5.29.37.0', 'anything', 'widening'],
  ['1.3.6.1.5.5.7.3.5', 'IPsec', 'widening'],
  ['1.3.6.1.5.5.7.3.6', 'IPsec', 'widening'],
  ['1.3.6.1.5.5.7.3.7', 'IPsec', 'widening'],
  ['1.3.6.1.5.5.7.3.13', 'network access', 'widening'],
  ['1.3.6.1.5.5.7.3.14', 'network access', 'widening'],
  ['1.3.6.1.5.5.7.3.17', 'IPsec', 'widening'],
  ['1.3.6.1.5.5.7.3.21', 'SSH', 'widening'],
  ['1.3.6.1.5.5.7.3.22', 'SSH', 'widening'],
  ['1.3.6.1.5.5.8.2.2', 'IPsec', 'widening'],
  ['1.3.6.1.5.2.3.4', 'Kerberos', 'widening'],
  ['1.3.6.1.5.2.3.5', 'Kerberos', 'widening'],
  ['1.3.6.1.4.1.311.20.2.2', 'Windows', 'widening'],
  ['1.3.6.1.4.1.311.54.1.2', 'Windows', 'widening'],
  ['1.3.6.1.4.1.311.10.3.4', 'Windows', 'widening'],
  ['1.3.6.1.4.1.311.10.3.12', 'Windows', 'widening'],
  ['1.3.6.1.4.1.311.10.3.3', 'IIS of old, beside serverAuth', 'harmless'],
  ['2.16.840.1.113730.4.1', 'wizards of old, beside serverAuth', 'harmless'],
];

/** None of them ever comes into a certificate (RFC 2985 §5.4). */
const attributes: Rows = [
  ['1.2.840.113549.1.9.7', 'openssl req, SCEP', 'harmless'],
  ['1.2.840.113549.1.9.2', 'openssl req', 'harmless'],
  ['1.2.840.113549.1.9.8', 'openssl req', 'harmless'],
  ['1.2.840.113549.1.9.20', 'PKCS#12', 'harmless'],
  ['1.3.6.1.4.1.311.13.1', 'certreq', 'harmless'],
  ['1.3.6.1.4.1.311.13.2.1', 'certreq', 'harmless'],
  ['1.3.6.1.4.1.311.13.2.2', 'certreq, IIS', 'harmless'],
  ['1.3.6.1.4.1.311.13.2.3', 'certreq, IIS', 'harmless'],
  ['1.3.6.1.4.1.311.21.20', 'certreq, IIS', 'harmless'],
];

const subjects: Rows = [
  ['1.2.840.113549.1.9.2', 'Cisco', 'harmless'],
  ['1.2.840.113549.1.9.8', 'Cisco', 'harmless'],
  ['2.5.4.13', 'directories', 'harmless'],
  ['2.5.4.15', 'public authorities', 'harmless'],
  ['2.5.4.20', 'directories', 'harmless'],
  ['2.5.4.97', 'public authorities', 'harmless'],
  ['1.3.6.1.4.1.311.60.2.1.', 'public authorities', 'harmless'],
];

const otherNames: Rows = [
  ['email', 'VMware, S/MIME', 'widening'],
  ['uri', 'SIP', 'widening'],
  ['directory', '', 'widening'],
  ['1.3.6.1.4.1.311.20.2.3', 'Windows', 'widening'],
  ['1.3.6.1.5.2.2', 'certmonger', 'widening'],
  ['1.3.6.1.5.5.7.8.5', 'XMPP', 'widening'],
  ['1.3.6.1.5.5.7.8.7', 'SRV names', 'widening'],
  ['1.3.6.1.5.5.7.8.9', 'mail beyond ASCII', 'widening'],
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

/** What becomes of one thing, and the word for it, which people type too. */
export interface KnownContent {
  readonly word: string;
  readonly class: ContentClass;
}

/** What becomes of an extension, a purpose (also by its word), an attribute, or a type of name, and its word; its identifier where there is none. */
export function findContent(place: ContentRow['in'], oid: string): KnownContent {
  const known = exact[place].get(oid) ?? below[place].find((row) => oid.startsWith(row.oid));
  return { word: oidName(oid) ?? oid, class: known?.class ?? unknownClass[place] };
}

/** A name other than a host's, for people: `email:ann@example.com`, `userPrincipalName:ann@corp.example`. */
export function describeName(name: GeneralName): KnownContent {
  const other = readOtherName(name);
  if (other === undefined) return { word: formatGeneralName(name), class: unknownClass.name };
  const { word, class: is } = findContent('name', other.oid);
  return { word: other.text === undefined ? word : `${word}:${other.text}`, class: is };
}

const places = ['extension', 'purpose', 'attribute', 'subject', 'name'] as const;
const exact = byPlace(
  (rows) => new Map(rows.flatMap((row) => [row.oid, oidName(row.oid) ?? row.oid].map((key) => [key, row]))),
);
const below = byPlace((rows) => rows.filter(({ oid }) => oid.endsWith('.')));

function byPlace<T>(of: (rows: readonly ContentRow[]) => T): Readonly<Record<ContentRow['in'], T>> {
  const made = places.map((place) => [place, of(contentRows.filter((row) => row.in === place))] as const);
  return Object.fromEntries(made) as Record<ContentRow['in'], T>;
}

function rowsIn(place: ContentRow['in'], rows: Rows): readonly ContentRow[] {
  return rows.map(([oid, about, is]) => ({ in: place, oid, about, class: is }));
}
