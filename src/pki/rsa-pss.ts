import type { DerReader } from './der-reader.ts';
import { contextConstructed, tag } from './der-tag.ts';
import { hashName, readHash } from './hash-algorithm.ts';
import type { ObjectIdentifier } from './object-identifier.ts';
import type { SignatureScheme } from './signature-scheme.ts';

const sha1: ObjectIdentifier = '1.3.14.3.2.26';
const mgf1: ObjectIdentifier = '1.2.840.113549.1.1.8';

/**
 * Reads RSASSA-PSS-params (RFC 4055 §3.1). Accepted are SHA-2 with the same hash in MGF1 and the one trailer there is;
 * anything else that is well-formed, the defaults with their SHA-1 among it, has no scheme.
 */
export function readPssScheme(reader: DerReader): { scheme?: SignatureScheme } {
  return reader.inside(tag.sequence, () => {
    const hash = field(reader, 0, () => readHash(reader), sha1);
    const mask = field(reader, 1, () => readMask(reader), sha1);
    const saltLength = field(reader, 2, () => reader.smallInteger(), 20);
    const trailer = field(reader, 3, () => reader.smallInteger(), 1);
    const name = hashName(hash);
    if (name === undefined || mask !== hash || trailer !== 1) return {};
    return { scheme: { kind: 'rsa-pss', hash: name, saltLength } };
  });
}

function field<T>(reader: DerReader, number: number, read: () => T, byDefault: T): T {
  return reader.is(contextConstructed(number)) ? reader.inside(contextConstructed(number), read) : byDefault;
}

/** The hash inside MGF1; another mask function gives its own identifier, which is no hash. */
function readMask(reader: DerReader): ObjectIdentifier {
  return reader.inside(tag.sequence, () => {
    const oid = reader.oid();
    if (oid === mgf1) return readHash(reader);
    if (!reader.done) reader.element();
    return oid;
  });
}
