import type { Bytes } from '../../base/index.ts';
import {
  context,
  contextConstructed,
  type DerReader,
  type DerWriter,
  type ObjectIdentifier,
  registerOids,
  tag,
} from '../der/index.ts';
import {
  type GeneralName,
  type Rdn,
  readGeneralName,
  readGeneralNames,
  readRdn,
  writeGeneralName,
  writeGeneralNames,
} from '../name/index.ts';
import { readSerialNumber, type SerialNumber } from './serial-number.ts';

/** Which key signed the certificate (RFC 5280 §4.2.1.1). */
export interface AuthorityKeyId {
  /** The issuer's subject key identifier. */
  readonly keyId?: Bytes;
  /** The issuer's own issuer and serial number: both or neither. */
  readonly issuer?: readonly GeneralName[];
  readonly serial?: SerialNumber;
}

export function readAuthorityKeyId(reader: DerReader): AuthorityKeyId {
  return reader.inside(tag.sequence, () => {
    const keyId = reader.is(context(0)) ? { keyId: reader.content(context(0)) } : {};
    if (reader.done) return keyId;
    const issuer = readGeneralNames(reader, contextConstructed(1));
    return { ...keyId, issuer, serial: readSerialNumber(reader, context(2)) };
  });
}

/** Writes the form with a key identifier alone, the one that RFC 5280 asks of issuers. */
export function writeAuthorityKeyId(writer: DerWriter, keyId: Bytes): void {
  writer.inside(tag.sequence, () => writer.content(context(0), keyId));
}

const ocsp: ObjectIdentifier = '1.3.6.1.5.5.7.48.1';
const caIssuers: ObjectIdentifier = '1.3.6.1.5.5.7.48.2';
registerOids([ocsp, caIssuers]);

/** The addresses in AuthorityInfoAccess (RFC 5280 §4.2.2.1). */
interface AuthorityInfoAccess {
  readonly ocspUrls: readonly string[];
  readonly issuerUrls: readonly string[];
}

/** Reads AuthorityInfoAccess; methods and names other than OCSP and caIssuers by URL are passed over. */
export function readAuthorityInfoAccess(reader: DerReader): AuthorityInfoAccess {
  const found = reader.list(tag.sequence, () =>
    reader.inside(tag.sequence, () => ({ method: reader.oid(), location: readGeneralName(reader) })),
  );
  const urls = (wanted: ObjectIdentifier) =>
    found.flatMap(({ method, location }) =>
      method === wanted && location.kind === 'uri' ? [location.value] : [],
    );
  return { ocspUrls: urls(ocsp), issuerUrls: urls(caIssuers) };
}

export function writeAuthorityInfoAccess(
  writer: DerWriter,
  { ocspUrls, issuerUrls }: AuthorityInfoAccess,
): void {
  writer.inside(tag.sequence, () => {
    for (const url of ocspUrls) writeAccess(writer, ocsp, url);
    for (const url of issuerUrls) writeAccess(writer, caIssuers, url);
  });
}

function writeAccess(writer: DerWriter, method: ObjectIdentifier, url: string): void {
  writer.inside(tag.sequence, () => {
    writer.oid(method);
    writeGeneralName(writer, { kind: 'uri', value: url });
  });
}

/** Why a certificate was revoked, as far as lists are divided by it, in the order of the bits (RFC 5280 §4.2.1.13). */
const reasonFlags = [
  'unused',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  'privilegeWithdrawn',
  'aACompromise',
] as const;

export type ReasonFlag = (typeof reasonFlags)[number];

/** All reasons that there are. */
export const allReasons: ReadonlySet<ReasonFlag> = new Set(reasonFlags.slice(1));

/** Where a list is: by names, or by what follows the name of its issuer. */
export type DistributionPointName =
  | { readonly kind: 'full'; readonly names: readonly GeneralName[] }
  | { readonly kind: 'relative'; readonly rdn: Rdn };

/** Where something is said of whether a certificate is revoked (RFC 5280 §4.2.1.13). */
export interface DistributionPoint {
  readonly name?: DistributionPointName;
  /** All of them when it does not say. */
  readonly reasons?: ReadonlySet<ReasonFlag>;
  /** Who signs the list, when that is not the certificate's issuer. */
  readonly crlIssuer?: readonly GeneralName[];
}

/** Reads CRLDistributionPoints; a point that names neither a place nor an issuer is malformed. */
export function readDistributionPoints(reader: DerReader): DistributionPoint[] {
  return reader.list(tag.sequence, () =>
    reader.inside(tag.sequence, () => {
      const name = reader.is(contextConstructed(0)) ? { name: readPointName(reader) } : {};
      const reasons = reader.is(context(1)) ? { reasons: readReasonFlags(reader, context(1)) } : {};
      const isIssuer = reader.is(contextConstructed(2));
      const crlIssuer = isIssuer ? { crlIssuer: readGeneralNames(reader, contextConstructed(2)) } : {};
      const point: DistributionPoint = { ...name, ...reasons, ...crlIssuer };
      if (point.name === undefined && point.crlIssuer === undefined)
        throw reader.problem('distribution point names nothing');
      return point;
    }),
  );
}

/** Reads DistributionPointName in its `[0]`. */
export function readPointName(reader: DerReader): DistributionPointName {
  return reader.inside(contextConstructed(0), () => {
    if (reader.is(contextConstructed(0)))
      return { kind: 'full', names: readGeneralNames(reader, contextConstructed(0)) };
    return { kind: 'relative', rdn: readRdn(reader, contextConstructed(1)) };
  });
}

/** Reads ReasonFlags; bits beyond the ninth have no meaning and are left out. */
export function readReasonFlags(reader: DerReader, wanted: number): ReadonlySet<ReasonFlag> {
  const { bytes } = reader.bitString(wanted);
  return new Set(reasonFlags.filter((_, bit) => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0));
}

/** The URLs of points that are of the issuer itself and for all reasons. */
export function urlsOfPoints(points: readonly DistributionPoint[]): string[] {
  return points.flatMap(({ name, reasons, crlIssuer }) =>
    name?.kind === 'full' && reasons === undefined && crlIssuer === undefined
      ? name.names.flatMap((each) => (each.kind === 'uri' ? [each.value] : []))
      : [],
  );
}

/** Writes one point with all `urls`, which are addresses of the same CRL. */
export function writeCrlUrls(writer: DerWriter, urls: readonly string[]): void {
  const names = urls.map((value): GeneralName => ({ kind: 'uri', value }));
  writer.inside(tag.sequence, () =>
    writer.inside(tag.sequence, () =>
      writer.inside(contextConstructed(0), () => writeGeneralNames(writer, names, contextConstructed(0))),
    ),
  );
}
