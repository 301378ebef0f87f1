import { type DerReader, type DerWriter, type ObjectIdentifier, registerOids, tag } from '../der/index.ts';
import { readGeneralName, writeGeneralName } from '../name/index.ts';

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
