import {
  contextConstructed,
  type DerReader,
  type ObjectIdentifier,
  registerOids,
  tag,
} from '../der/index.ts';

/** The hashes that signatures are accepted with. */
export type HashName = 'sha256' | 'sha384' | 'sha512';

/** How a signature is verified; the sets named are all that is accepted. */
export type SignatureScheme =
  | { readonly kind: 'ecdsa'; readonly hash: HashName }
  | { readonly kind: 'rsa'; readonly hash: HashName }
  | { readonly kind: 'rsa-pss'; readonly hash: HashName; readonly saltLength: number }
  | { readonly kind: 'ed25519' };

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
