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
  readGeneralName,
  readGeneralNames,
  writeGeneralName,
  writeGeneralNames,
} from '../name/index.ts';

const ocsp: ObjectIdentifier = '1.3.6.1.5.5.7.48.1';
const caIssuers: ObjectIdentifier = '1.3.6.1.5.5.7.48.2';
registerOids([ocsp, caIssuers]);

/** The addresses in AuthorityInfoAccess (RFC 5280 §4.2.2.1). */
export interface AuthorityInfoAccess {
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

/** Reads CRLDistributionPoints (RFC 5280 §4.2.1.13): the URLs of points that cover all reasons, by the issuer itself. */
export function readCrlUrls(reader: DerReader): string[] {
  return reader.list(tag.sequence, () => readPoint(reader)).flat();
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

function readPoint(reader: DerReader): string[] {
  return reader.inside(tag.sequence, () => {
    const names = reader.is(contextConstructed(0)) ? readPointName(reader) : [];
    if (reader.done) return names.flatMap((name) => (name.kind === 'uri' ? [name.value] : []));
    if (reader.is(context(1))) reader.bitString(context(1));
    if (!reader.done) readGeneralNames(reader, contextConstructed(2));
    return [];
  });
}

function readPointName(reader: DerReader): GeneralName[] {
  return reader.inside(contextConstructed(0), () => {
    if (reader.is(contextConstructed(0))) return readGeneralNames(reader, contextConstructed(0));
    reader.list(contextConstructed(1), () => reader.element());
    return [];
  });
}
