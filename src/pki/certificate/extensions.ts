import type { Bytes } from '../../base/index.ts';
import { type DerReader, describeOid, type ObjectIdentifier, registerOids, tag } from '../der/index.ts';
import {
  type GeneralName,
  type NameConstraints,
  readGeneralNames,
  readNameConstraints,
} from '../name/index.ts';
import {
  type AuthorityKeyId,
  type DistributionPoint,
  readAuthorityInfoAccess,
  readAuthorityKeyId,
  readDistributionPoints,
  urlsOfPoints,
} from './issuer-extensions.ts';
import {
  type BasicConstraints,
  type CertificatePolicies,
  type ExtendedKeyUsage,
  type KeyUsage,
  type PolicyConstraints,
  type PolicyMapping,
  readBasicConstraints,
  readCertificatePolicies,
  readExtendedKeyUsage,
  readKeyUsage,
  readPolicyConstraints,
  readPolicyMappings,
} from './usage-extensions.ts';

/** The extensions that are read here, and some of them written (RFC 5280 §4.2; RFC 6960 §4.2.2.2.1 for ocspNoCheck). */
export const extensionOids = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltNames: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyId: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  freshestCrl: '2.5.29.46',
  inhibitAnyPolicy: '2.5.29.54',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  ocspNoCheck: '1.3.6.1.5.5.7.48.1.5',
} as const satisfies Record<string, ObjectIdentifier>;

registerOids(Object.values(extensionOids));

/** One extension as it stands in the certificate or request. */
interface Extension {
  readonly oid: ObjectIdentifier;
  readonly critical: boolean;
  /** What the OCTET STRING holds. */
  readonly value: Bytes;
}

/** The extensions of a certificate, or those a request asks for. Lists are empty when the extension is not there. */
export interface Extensions {
  /** All, in their order; `all.get(extensionOids.keyUsage)?.critical` tells whether one is critical. */
  readonly all: ReadonlyMap<ObjectIdentifier, Extension>;
  /** Critical and not among {@link extensionOids}: whoever relies on the certificate must refuse it (RFC 5280 §4.2). */
  readonly unknownCritical: readonly ObjectIdentifier[];
  readonly basicConstraints?: BasicConstraints;
  readonly keyUsage?: readonly KeyUsage[];
  readonly extendedKeyUsage?: readonly ExtendedKeyUsage[];
  readonly subjectAltNames: readonly GeneralName[];
  readonly subjectKeyId?: Bytes;
  readonly authorityKeyId?: AuthorityKeyId;
  readonly nameConstraints?: NameConstraints;
  readonly certificatePolicies?: CertificatePolicies;
  readonly policyMappings?: readonly PolicyMapping[];
  readonly policyConstraints?: PolicyConstraints;
  /** After how many further certificates anyPolicy stands for none (§4.2.1.14). */
  readonly inhibitAnyPolicy?: number;
  /** Where it is said whether the certificate is revoked (cRLDistributionPoints). */
  readonly crlPoints: readonly DistributionPoint[];
  /** Where what has changed since is said (freshestCRL, §4.2.1.15). */
  readonly freshestCrlPoints: readonly DistributionPoint[];
  /** Where CRLs of the issuer itself, for all reasons, are, as `crlPoints` say. */
  readonly crlUrls: readonly string[];
  /** Where the issuer answers OCSP (authorityInfoAccess). */
  readonly ocspUrls: readonly string[];
  /** Where the issuer's certificate is (authorityInfoAccess, caIssuers). */
  readonly issuerUrls: readonly string[];
  /** Of who signs OCSP answers: its own revocation is not to be asked for. */
  readonly ocspNoCheck?: true;
}

/** What a certificate without extensions has. */
export const noExtensions: Extensions = {
  all: new Map(),
  unknownCritical: [],
  subjectAltNames: [],
  crlPoints: [],
  freshestCrlPoints: [],
  crlUrls: [],
  ocspUrls: [],
  issuerUrls: [],
};

/**
 * Reads Extensions (RFC 5280 §4.2), at least one, and adds them to those that were read `before`; one that is there twice is
 * malformed. As-written, where they are only asked for, there may be none, one may be said again in the same bytes, and
 * those that are nothing but passed over are not looked into.
 */
export function readExtensions(reader: DerReader, before: Extensions = noExtensions): Extensions {
  const all = new Map(before.all);
  const known: Fields = {};
  reader.list(tag.sequence, () => {
    const { extension, fields } = readExtension(reader);
    const twice = all.get(extension.oid);
    if (twice !== undefined && !(reader.form === 'as-written' && isSame(twice, extension)))
      throw reader.problem(`extension ${describeOid(extension.oid)} is there twice`);
    all.set(extension.oid, extension);
    Object.assign(known, fields);
  });
  return { ...before, ...known, all, unknownCritical: unknownCritical(all) };
}

function isSame(one: Extension, other: Extension): boolean {
  return Buffer.compare(one.value, other.value) === 0;
}

type Fields = Partial<Extensions>;

/** One line for each extension that is understood. */
const readers = new Map<ObjectIdentifier, (reader: DerReader) => Fields>([
  [extensionOids.subjectKeyId, (reader) => ({ subjectKeyId: reader.content(tag.octetString) })],
  [extensionOids.keyUsage, (reader) => ({ keyUsage: readKeyUsage(reader) })],
  [extensionOids.subjectAltNames, (reader) => ({ subjectAltNames: readGeneralNames(reader) })],
  [extensionOids.basicConstraints, (reader) => ({ basicConstraints: readBasicConstraints(reader) })],
  [extensionOids.nameConstraints, (reader) => ({ nameConstraints: readNameConstraints(reader) })],
  [extensionOids.crlDistributionPoints, readCrlPoints],
  [extensionOids.freshestCrl, (reader) => ({ freshestCrlPoints: readDistributionPoints(reader) })],
  [extensionOids.certificatePolicies, (reader) => ({ certificatePolicies: readCertificatePolicies(reader) })],
  [extensionOids.policyMappings, (reader) => ({ policyMappings: readPolicyMappings(reader) })],
  [extensionOids.policyConstraints, (reader) => ({ policyConstraints: readPolicyConstraints(reader) })],
  [extensionOids.inhibitAnyPolicy, (reader) => ({ inhibitAnyPolicy: reader.smallInteger() })],
  [extensionOids.authorityKeyId, (reader) => ({ authorityKeyId: readAuthorityKeyId(reader) })],
  [extensionOids.extendedKeyUsage, (reader) => ({ extendedKeyUsage: readExtendedKeyUsage(reader) })],
  [extensionOids.authorityInfoAccess, readAuthorityInfoAccess],
  [extensionOids.ocspNoCheck, readOcspNoCheck],
]);

/** What decides about a request; what else it asks for is named, and not read. */
const askedFor: ReadonlySet<ObjectIdentifier> = new Set([
  extensionOids.keyUsage,
  extensionOids.subjectAltNames,
  extensionOids.basicConstraints,
  extensionOids.extendedKeyUsage,
]);

function readExtension(reader: DerReader): { extension: Extension; fields: Fields } {
  return reader.inside(tag.sequence, () => {
    const oid = reader.oid();
    // `critical FALSE`, which DER leaves out, is taken where it is written: it changes nothing and is not rare.
    const critical = reader.is(tag.boolean) && reader.boolean();
    const read = reader.form === 'strict' || askedFor.has(oid) ? readers.get(oid) : undefined;
    if (read === undefined)
      return { extension: { oid, critical, value: reader.content(tag.octetString) }, fields: {} };
    return reader.inside(tag.octetString, () => {
      const start = reader.position;
      const fields = read(reader);
      return { extension: { oid, critical, value: reader.since(start) }, fields };
    });
  });
}

function readCrlPoints(reader: DerReader): Fields {
  const crlPoints = readDistributionPoints(reader);
  return { crlPoints, crlUrls: urlsOfPoints(crlPoints) };
}

function readOcspNoCheck(reader: DerReader): Fields {
  reader.null();
  return { ocspNoCheck: true };
}

function unknownCritical(all: ReadonlyMap<ObjectIdentifier, Extension>): ObjectIdentifier[] {
  return [...all.values()].filter(({ oid, critical }) => critical && !readers.has(oid)).map(({ oid }) => oid);
}
