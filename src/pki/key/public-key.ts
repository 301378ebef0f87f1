import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import { asBuffer, type Bytes, HoldfastError, toHex, withoutStackTraces } from '../../base/index.ts';
import {
  type DerReader,
  describeOid,
  type ObjectIdentifier,
  readDer,
  reading,
  registerOids,
  tag,
} from '../der/index.ts';

type Curve = 'P-256' | 'P-384' | 'P-521';

/** What kind of key a SubjectPublicKeyInfo holds. */
export type PublicKeyInfo =
  | { readonly kind: 'ec'; readonly curve: Curve }
  | { readonly kind: 'rsa' | 'rsa-pss'; readonly modulusBits: number }
  | { readonly kind: 'ed25519' }
  | { readonly kind: 'ml-dsa'; readonly parameterSet: MlDsaSet };

/** A parameter set of ML-DSA (FIPS 204 §4), by its name. */
type MlDsaSet = 'ML-DSA-44' | 'ML-DSA-65' | 'ML-DSA-87';

const curves = new Map<ObjectIdentifier, { curve: Curve; coordinateBytes: number }>([
  ['1.2.840.10045.3.1.7', { curve: 'P-256', coordinateBytes: 32 }],
  ['1.3.132.0.34', { curve: 'P-384', coordinateBytes: 48 }],
  ['1.3.132.0.35', { curve: 'P-521', coordinateBytes: 66 }],
]);

/** One line for each kind of key (RFC 3279 §2.3, RFC 4055 §1.2, RFC 5480 §2.1, RFC 8410 §3, RFC 9881 §4). */
const readers = new Map<ObjectIdentifier, (reader: DerReader) => (bits: Bytes) => PublicKeyInfo>([
  ['1.2.840.10045.2.1', readEc],
  ['1.2.840.113549.1.1.1', (reader) => readRsa(reader, 'rsa')],
  ['1.2.840.113549.1.1.10', (reader) => readRsa(reader, 'rsa-pss')],
  ['1.3.101.112', () => readEd25519],
  ['2.16.840.1.101.3.4.3.17', () => readMlDsa('ML-DSA-44', 1312)],
  ['2.16.840.1.101.3.4.3.18', () => readMlDsa('ML-DSA-65', 1952)],
  ['2.16.840.1.101.3.4.3.19', () => readMlDsa('ML-DSA-87', 2592)],
]);

/** Known by name only, so that a refusal can say what was found. */
const refusedNames = new Map<ObjectIdentifier, string>([
  ['1.2.840.10045.3.1.1', 'P-192'],
  ['1.3.132.0.33', 'P-224'],
  ['1.3.132.0.10', 'secp256k1'],
  ['1.3.36.3.3.2.8.1.1.7', 'brainpoolP256r1'],
  ['1.3.36.3.3.2.8.1.1.11', 'brainpoolP384r1'],
  ['1.3.36.3.3.2.8.1.1.13', 'brainpoolP512r1'],
  ['1.2.840.10040.4.1', 'DSA'],
  ['1.2.840.10046.2.1', 'Diffie-Hellman'],
  ['1.3.101.110', 'X25519'],
  ['1.3.101.111', 'X448'],
  ['1.3.101.113', 'Ed448'],
]);

registerOids([...readers.keys(), ...curves.keys()]);

/**
 * What kind of key a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) holds.
 * @throws HoldfastError `key_malformed`; `key_unsupported` for anything but P-256, P-384, P-521 by name with an
 * uncompressed point, RSA of 2048 to 8192 bits in whole bytes, Ed25519 and ML-DSA
 */
export function describePublicKey(spki: Bytes): PublicKeyInfo {
  return reading('key_malformed', 'public key', () =>
    readDer(spki, (reader) =>
      reader.inside(tag.sequence, () => {
        const describe = reader.inside(tag.sequence, () => readAlgorithm(reader));
        return describe(reader.bitStringBytes());
      }),
    ),
  );
}

/** The key in a SubjectPublicKeyInfo. @throws HoldfastError as {@link describePublicKey} does */
export function importPublicKey(spki: Bytes): KeyObject {
  describePublicKey(spki);
  try {
    return withoutStackTraces(() => createPublicKey({ key: asBuffer(spki), format: 'der', type: 'spki' }));
  } catch (error) {
    throw new HoldfastError('key_malformed', 'public key is malformed: no such key exists', { cause: error });
  }
}

/** The SubjectPublicKeyInfo of a public key, or of the public half of a private one. */
export function exportPublicKey(key: KeyObject): Bytes {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ format: 'der', type: 'spki' });
}

/**
 * The subjectKeyIdentifier of a key: the first 160 bits of the SHA-256 of its BIT STRING (RFC 7093 §2, method 1).
 * @throws HoldfastError `key_malformed`
 */
export function keyIdentifier(spki: Bytes): Bytes {
  return hash('sha256', publicKeyBits(spki), 'buffer').subarray(0, 20);
}

/** The bytes in the BIT STRING of a SubjectPublicKeyInfo: the key without its algorithm. @throws HoldfastError `key_malformed` */
export function publicKeyBits(spki: Bytes): Bytes {
  return reading('key_malformed', 'public key', () =>
    readDer(spki, (reader) =>
      reader.inside(tag.sequence, () => {
        reader.element();
        return reader.bitStringBytes();
      }),
    ),
  );
}

function readAlgorithm(reader: DerReader): (bits: Bytes) => PublicKeyInfo {
  const oid = reader.oid();
  const read = readers.get(oid);
  if (read === undefined) throw unsupported(refusedNames.get(oid) ?? `algorithm ${describeOid(oid)}`);
  return read(reader);
}

function readEc(reader: DerReader): (bits: Bytes) => PublicKeyInfo {
  if (!reader.is(tag.oid)) throw unsupported('a curve given by its parameters');
  const oid = reader.oid();
  const named = curves.get(oid);
  if (named === undefined) throw unsupported(`the curve ${refusedNames.get(oid) ?? describeOid(oid)}`);
  return (bits) => {
    if (bits.length === 1 && bits[0] === 0) throw reader.problem('point is the one at infinity');
    if (bits[0] !== 4) throw unsupported('a point that is not uncompressed');
    if (bits.length !== 1 + 2 * named.coordinateBytes) throw reader.problem('point has the wrong length');
    return { kind: 'ec', curve: named.curve };
  };
}

function readRsa(reader: DerReader, kind: 'rsa' | 'rsa-pss'): (bits: Bytes) => PublicKeyInfo {
  if (kind === 'rsa') reader.null();
  else if (!reader.done) reader.element();
  return (bits) => {
    const { modulus, exponent } = readRsaPublicKey(bits);
    const modulusBits = bitLength(modulus);
    if (modulusBits < 2048 || modulusBits > 8192 || modulusBits % 8 !== 0)
      throw unsupported(`rsa of ${modulusBits} bits`);
    const exponentBits = bitLength(exponent);
    if (exponentBits > maxExponentBits) throw unsupported(`rsa with an exponent of ${exponentBits} bits`);
    // An even one, or 1, is no exponent.
    if (exponentBits < 2 || ((exponent.at(-1) as number) & 1) === 0)
      throw unsupported('rsa with such an exponent');
    return { kind, modulusBits };
  };
}

function readEd25519(bits: Bytes): PublicKeyInfo {
  if (bits.length !== 32)
    throw new HoldfastError('key_malformed', `ed25519 key has ${bits.length} bytes instead of 32`);
  return { kind: 'ed25519' };
}

function readMlDsa(parameterSet: MlDsaSet, length: number): (bits: Bytes) => PublicKeyInfo {
  return (bits) => {
    if (bits.length === length) return { kind: 'ml-dsa', parameterSet };
    throw new HoldfastError(
      'key_malformed',
      `${parameterSet} key has ${bits.length} bytes instead of ${length}`,
    );
  };
}

function unsupported(what: string): HoldfastError {
  return new HoldfastError(
    'key_unsupported',
    `public key uses ${what}; expected P-256, P-384, P-521, RSA of 2048 to 8192 bits, Ed25519 or ML-DSA`,
    { hint: 'make a new key, P-256 for example' },
  );
}

/** The two numbers of an RSA public key (RFC 8017 §A.1.1), as they stand in it: whole numbers, perhaps not positive. */
export interface RsaPublicKey {
  readonly modulus: Bytes;
  readonly exponent: Bytes;
}

/** A longer exponent only makes verifying slow, with time that grows by each bit of it; 65537 has 17. */
export const maxExponentBits = 32;

/** Reads what the BIT STRING of an RSA key holds. @throws HoldfastError `der_malformed` */
export function readRsaPublicKey(bits: Bytes): RsaPublicKey {
  return readDer(bits, (reader) =>
    reader.inside(tag.sequence, () => ({ modulus: reader.integer(), exponent: reader.integer() })),
  );
}

/** The bits of a positive INTEGER; 0 for one that is not positive. */
export function bitLength(integer: Bytes): number {
  const [first = 0] = integer;
  if (first >= 0x80) return 0;
  const top = first === 0 ? (integer[1] ?? 0) : first;
  return 8 * (integer.length - (first === 0 ? 2 : 1)) + 32 - Math.clz32(top);
}

/** The number that a positive INTEGER stands for. */
export function toNumber(integer: Bytes): bigint {
  return BigInt(`0x${toHex(integer)}`);
}

/** `SHA256:4f:1c:…`: the SHA-256 of some DER, 32 lowercase hexadecimal pairs. */
export type Fingerprint = string & { readonly __brand: 'Fingerprint' };

/** The fingerprint of a certificate's or a public key's DER. */
export function fingerprint(der: Bytes): Fingerprint {
  return withColons(hash('sha256', der, 'hex'));
}

/** The fingerprint that a person typed: with or without prefix and colons, in any case; undefined when it is none. */
export function parseFingerprint(text: string): Fingerprint | undefined {
  const match = /^(?:sha256:)?([0-9a-f]{64}|[0-9a-f]{2}(?::[0-9a-f]{2}){31})$/.exec(
    text.trim().toLowerCase(),
  );
  const hex = match?.[1]?.replaceAll(':', '');
  return hex === undefined ? undefined : withColons(hex);
}

function withColons(hex: string): Fingerprint {
  let text = `SHA256:${hex.slice(0, 2)}`;
  for (let at = 2; at < hex.length; at += 2) text += `:${hex.slice(at, at + 2)}`;
  return text as Fingerprint;
}
