import type { DerReader } from './der-reader.ts';
import { context, contextConstructed, tag } from './der-tag.ts';
import type { DerWriter } from './der-writer.ts';
import { type GeneralName, readGeneralNames, writeGeneralNames } from './general-name.ts';

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
