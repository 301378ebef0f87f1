import { type DerReader, describeOid, type ObjectIdentifier, tag } from '../der/index.ts';
import { readGeneralNames, readNameConstraints } from '../name/index.ts';
import { readAuthorityKeyId } from './authority-key-id.ts';
import { readDistributionPoints, urlsOfPoints } from './distribution-points.ts';
import { type Extension, type Extensions, extensionOids } from './extensions.ts';
import { readAuthorityInfoAccess } from './information-access.ts';
import { readBasicConstraints, readExtendedKeyUsage, readKeyUsage } from './key-usage.ts';
import { readCertificatePolicies, readPolicyConstraints, readPolicyMappings } from './policy-extensions.ts';

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
 * Reads Extensions (RFC 5280 §4.2), at least one unless a request asks, as some do, for none; one that is there twice is
 * malformed.
 */
export function readExtensions(reader: DerReader, atLeast: 0 | 1 = 1): Extensions {
  const all = new Map<ObjectIdentifier, Extension>();
  const known: Fields = {};
  reader.list(
    tag.sequence,
    () => {
      const { extension, fields } = readExtension(reader);
      if (all.has(extension.oid))
        throw reader.problem(`extension ${describeOid(extension.oid)} is there twice`);
      all.set(extension.oid, extension);
      Object.assign(known, fields);
    },
    atLeast,
  );
  return { ...noExtensions, ...known, all, unknownCritical: unknownCritical(all) };
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

function readExtension(reader: DerReader): { extension: Extension; fields: Fields } {
  return reader.inside(tag.sequence, () => {
    const oid = reader.oid();
    // `critical FALSE`, which DER leaves out, is taken where it is written: it changes nothing and is not rare.
    const critical = reader.is(tag.boolean) && reader.boolean();
    const read = readers.get(oid);
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
