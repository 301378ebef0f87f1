import type { DerReader } from './der-reader.ts';
import { tag } from './der-tag.ts';
import { type ObjectIdentifier, registerOids } from './object-identifier.ts';
import type { HashName } from './signature-scheme.ts';

/** The hashes that signatures are taken with (RFC 5754 §2). */
export const hashOids = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
} as const satisfies Record<HashName, ObjectIdentifier>;

const names = new Map(Object.entries(hashOids).map(([name, oid]) => [oid, name as HashName]));

registerOids(names.keys());

/** Which of the accepted hashes `oid` is, or undefined. */
export function hashName(oid: ObjectIdentifier): HashName | undefined {
  return (names as ReadonlyMap<ObjectIdentifier, HashName>).get(oid);
}

/** A hash's AlgorithmIdentifier, with NULL or without parameters (RFC 4055 §2.1). */
export function readHash(reader: DerReader): ObjectIdentifier {
  return reader.inside(tag.sequence, () => {
    const oid = reader.oid();
    if (!reader.done) reader.null();
    return oid;
  });
}
