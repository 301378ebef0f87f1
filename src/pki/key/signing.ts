import { constants, type KeyObject, sign, verify } from 'node:crypto';
import { type Bytes, HoldfastError, systemErrorCode } from '../../base/index.ts';
import {
  contextConstructed,
  type DerReader,
  type DerWriter,
  describeOid,
  type ObjectIdentifier,
  type ReadingForm,
  registerOids,
  tag,
  writeDer,
} from '../der/index.ts';

/** The hashes that signatures are accepted with. */
export type HashName = 'sha256' | 'sha384' | 'sha512';

/** How a signature is verified; the sets named are all that is accepted. */
type SignatureScheme =
  | { readonly kind: 'ecdsa'; readonly hash: HashName }
  | { readonly kind: 'rsa'; readonly hash: HashName }
  | { readonly kind: 'rsa-pss'; readonly hash: HashName; readonly saltLength: number }
  | { readonly kind: 'ed25519' }
  | { readonly kind: 'ml-dsa'; readonly keyType: string };

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
function readPssScheme(reader: DerReader): { scheme?: SignatureScheme } {
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

/** The algorithm of a signature as a certificate or request names it. */
export interface SignatureAlgorithm {
  readonly oid: ObjectIdentifier;
  /** For people: `ecdsa-with-SHA256`, `sha1WithRSAEncryption`, or the identifier when it is not known here. */
  readonly name: string;
  /** Undefined when signatures of this kind are not accepted: SHA-1, MD5, or unknown. */
  readonly scheme?: SignatureScheme;
}

/** The algorithms whose parameters are fixed: absent, or NULL for RSA (RFC 4055 §5, RFC 5758 §3.2, RFC 8410 §3, RFC 9881 §3). */
const signatureOids = {
  ecdsaSha256: '1.2.840.10045.4.3.2',
  ecdsaSha384: '1.2.840.10045.4.3.3',
  ecdsaSha512: '1.2.840.10045.4.3.4',
  rsaSha256: '1.2.840.113549.1.1.11',
  rsaSha384: '1.2.840.113549.1.1.12',
  rsaSha512: '1.2.840.113549.1.1.13',
  rsaPss: '1.2.840.113549.1.1.10',
  ed25519: '1.3.101.112',
  mlDsa44: '2.16.840.1.101.3.4.3.17',
  mlDsa65: '2.16.840.1.101.3.4.3.18',
  mlDsa87: '2.16.840.1.101.3.4.3.19',
} as const satisfies Record<string, ObjectIdentifier>;

/**
 * Reads the AlgorithmIdentifier of a signature; one that is unknown or too weak comes without a scheme. Parameters have to be
 * as their RFC says in what we sign and rely on; as-written, NULL may stand where nothing should, and ECDSA may name its hash
 * beside it (X9.62 §7.1), as Windows does for a template with an alternate signature algorithm.
 */
export function readSignatureAlgorithm(
  reader: DerReader,
  form: ReadingForm = reader.form,
): SignatureAlgorithm {
  return reader.inside(tag.sequence, () => {
    const oid = reader.oid();
    if (oid === signatureOids.rsaPss) return { oid, name: 'RSASSA-PSS', ...readPssScheme(reader) };
    if (oid === ecdsaSpecified && form === 'as-written')
      return { oid, name: 'ecdsa-with-Specified', ...readSpecifiedHash(reader) };
    const known = algorithms.get(oid);
    if (known === undefined) {
      if (!reader.done) reader.element();
      return { oid, name: describeOid(oid) };
    }
    const mayBeNull = known.parameters === 'null' || form === 'as-written';
    if (mayBeNull && !reader.done) reader.null();
    return { oid, ...known.algorithm };
  });
}

const ecdsaSpecified: ObjectIdentifier = '1.2.840.10045.4.3';

function readSpecifiedHash(reader: DerReader): { scheme?: SignatureScheme } {
  const hash = hashName(readHash(reader));
  return hash === undefined ? {} : { scheme: { kind: 'ecdsa', hash } };
}

type Known = { readonly parameters: 'absent' | 'null'; readonly algorithm: Omit<SignatureAlgorithm, 'oid'> };

const algorithms = new Map<ObjectIdentifier, Known>([
  [signatureOids.ecdsaSha256, known('absent', 'ecdsa-with-SHA256', { kind: 'ecdsa', hash: 'sha256' })],
  [signatureOids.ecdsaSha384, known('absent', 'ecdsa-with-SHA384', { kind: 'ecdsa', hash: 'sha384' })],
  [signatureOids.ecdsaSha512, known('absent', 'ecdsa-with-SHA512', { kind: 'ecdsa', hash: 'sha512' })],
  [signatureOids.rsaSha256, known('null', 'sha256WithRSAEncryption', { kind: 'rsa', hash: 'sha256' })],
  [signatureOids.rsaSha384, known('null', 'sha384WithRSAEncryption', { kind: 'rsa', hash: 'sha384' })],
  [signatureOids.rsaSha512, known('null', 'sha512WithRSAEncryption', { kind: 'rsa', hash: 'sha512' })],
  [signatureOids.ed25519, known('absent', 'Ed25519', { kind: 'ed25519' })],
  [signatureOids.mlDsa44, known('absent', 'ML-DSA-44', { kind: 'ml-dsa', keyType: 'ml-dsa-44' })],
  [signatureOids.mlDsa65, known('absent', 'ML-DSA-65', { kind: 'ml-dsa', keyType: 'ml-dsa-65' })],
  [signatureOids.mlDsa87, known('absent', 'ML-DSA-87', { kind: 'ml-dsa', keyType: 'ml-dsa-87' })],
  // Known by name only, so that a refusal can say what was found.
  ['1.2.840.10045.4.1', known('absent', 'ecdsa-with-SHA1')],
  ['1.2.840.113549.1.1.4', known('null', 'md5WithRSAEncryption')],
  ['1.2.840.113549.1.1.5', known('null', 'sha1WithRSAEncryption')],
  ['1.3.14.3.2.29', known('null', 'sha1WithRSAEncryption')],
]);

registerOids([...algorithms.keys(), signatureOids.rsaPss]);

function known(parameters: Known['parameters'], name: string, scheme?: SignatureScheme): Known {
  return { parameters, algorithm: scheme === undefined ? { name } : { name, scheme } };
}

/** How a key signs: the AlgorithmIdentifier that says so, and the act. */
export interface Signer {
  readonly algorithm: Bytes;
  /** The hash in it; SHA-512 for Ed25519 and ML-DSA, which take data whole (RFC 8419 §2.3, RFC 9882 §3.3). */
  readonly hash: HashName;
  sign(data: Bytes): Bytes;
}

/**
 * The signer for a private key: ECDSA with the hash of the curve's size, RSA PKCS#1 v1.5 with SHA-256, Ed25519,
 * or ML-DSA without a context (RFC 9881 §3).
 * A `TypeError` for a public key. @throws HoldfastError `key_unsupported`
 */
export function signerOf(key: KeyObject): Signer {
  const known = signers.get(key);
  if (known !== undefined) return known;
  const signer = makeSigner(key);
  signers.set(key, signer);
  return signer;
}

/** Asking a key object what it is takes as long as signing with it does. */
const signers = new WeakMap<KeyObject, Signer>();

function makeSigner(key: KeyObject): Signer {
  if (key.type !== 'private') throw new TypeError(`signing needs a private key, not a ${key.type} one`);
  const curve = key.asymmetricKeyDetails?.namedCurve ?? '';
  const way = ways.get(`${key.asymmetricKeyType} ${curve}`.trimEnd());
  if (way === undefined)
    throw new HoldfastError(
      'key_unsupported',
      `cannot sign with a key of type ${key.asymmetricKeyType} ${curve}`,
    );
  return { algorithm: way.algorithm, hash: way.hash ?? 'sha512', sign: (data) => sign(way.hash, data, key) };
}

/** Writes what every signed object of PKIX is: the part that is signed, the algorithm, the signature (RFC 5280 §4.1.1). */
export function writeSigned(writer: DerWriter, signer: Signer, writeContent: () => void): void {
  writer.inside(tag.sequence, () => {
    const start = writer.position;
    writeContent();
    writeSignature(writer, signer, signer.sign(writer.since(start)));
  });
}

/** Writes what follows the part that is signed: the algorithm and the signature. */
export function writeSignature(writer: DerWriter, signer: Signer, signature: Bytes): void {
  writer.element(signer.algorithm);
  writer.bitString(signature);
}

/**
 * Whether `signature` over `data` is `key`'s; false also when the key is of another kind than the algorithm.
 * @throws HoldfastError `signature_unsupported` for SHA-1, MD5 and algorithms that are not known
 */
export function verifySignature(
  algorithm: SignatureAlgorithm,
  data: Bytes,
  signature: Bytes,
  key: KeyObject,
): boolean {
  const { scheme, name } = algorithm;
  if (scheme === undefined) {
    throw new HoldfastError(
      'signature_unsupported',
      `signature algorithm ${name} is not accepted; expected SHA-256, SHA-384, SHA-512, Ed25519 or ML-DSA`,
      { hint: 'have it issued anew with one of these' },
    );
  }
  if (!keyTypesOf(scheme).includes(key.asymmetricKeyType ?? '')) return false;
  try {
    const options = verifyOptions(scheme);
    return verify(
      'hash' in scheme ? scheme.hash : null,
      data,
      options === undefined ? key : { key, ...options },
      signature,
    );
  } catch (error) {
    // What OpenSSL cannot even try, e.g. a PSS key bound to another hash, is not a signature by this key.
    if (systemErrorCode(error)?.startsWith('ERR_OSSL') === true) return false;
    throw error;
  }
}

const ways = new Map([
  ['ec prime256v1', { hash: 'sha256', algorithm: algorithm(signatureOids.ecdsaSha256) }],
  ['ec secp384r1', { hash: 'sha384', algorithm: algorithm(signatureOids.ecdsaSha384) }],
  ['ec secp521r1', { hash: 'sha512', algorithm: algorithm(signatureOids.ecdsaSha512) }],
  ['rsa', { hash: 'sha256', algorithm: algorithm(signatureOids.rsaSha256, true) }],
  ['ed25519', { hash: null, algorithm: algorithm(signatureOids.ed25519) }],
  ['ml-dsa-44', { hash: null, algorithm: algorithm(signatureOids.mlDsa44) }],
  ['ml-dsa-65', { hash: null, algorithm: algorithm(signatureOids.mlDsa65) }],
  ['ml-dsa-87', { hash: null, algorithm: algorithm(signatureOids.mlDsa87) }],
] as const) as ReadonlyMap<string, { readonly hash: HashName | null; readonly algorithm: Bytes }>;

/** As Node calls the keys that may have made it. */
function keyTypesOf(scheme: SignatureScheme): readonly string[] {
  if (scheme.kind === 'ml-dsa') return [scheme.keyType];
  return keyTypes[scheme.kind];
}

const keyTypes = {
  ecdsa: ['ec'],
  rsa: ['rsa'],
  'rsa-pss': ['rsa', 'rsa-pss'],
  ed25519: ['ed25519'],
} as const;

/** A bare key object is told from other kinds of keys sooner than one among options. */
function verifyOptions(scheme: SignatureScheme): { padding: number; saltLength?: number } | undefined {
  if (scheme.kind === 'rsa') return { padding: constants.RSA_PKCS1_PADDING };
  if (scheme.kind !== 'rsa-pss') return undefined;
  return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: scheme.saltLength };
}

function algorithm(oid: (typeof signatureOids)[keyof typeof signatureOids], withNull = false): Bytes {
  return writeDer((writer) =>
    writer.inside(tag.sequence, () => {
      writer.oid(oid);
      if (withNull) writer.null();
    }),
  );
}
