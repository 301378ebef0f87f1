import { constants, type KeyObject, sign, verify } from 'node:crypto';
import { type Bytes, HoldfastError, systemErrorCode } from '../../base/index.ts';
import { type DerWriter, tag, writeDer } from '../der/index.ts';
import {
  type HashName,
  type SignatureAlgorithm,
  type SignatureScheme,
  signatureOids,
} from './signature-scheme.ts';

/** How a key signs: the AlgorithmIdentifier that says so, and the act. */
export interface Signer {
  readonly algorithm: Bytes;
  /** The hash in it; SHA-512 for Ed25519, which has it inside (RFC 8419 §2.3). */
  readonly hash: HashName;
  sign(data: Bytes): Bytes;
}

/**
 * The signer for a private key: ECDSA with the hash of the curve's size, RSA PKCS#1 v1.5 with SHA-256, or Ed25519.
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
      `signature algorithm ${name} is not accepted; expected SHA-256, SHA-384, SHA-512 or Ed25519`,
      { hint: 'have it issued anew with one of these' },
    );
  }
  if (!keyTypes[scheme.kind].includes(key.asymmetricKeyType ?? '')) return false;
  try {
    const options = verifyOptions(scheme);
    return verify(
      scheme.kind === 'ed25519' ? null : scheme.hash,
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
] as const) as ReadonlyMap<string, { readonly hash: HashName | null; readonly algorithm: Bytes }>;

const keyTypes: Readonly<Record<SignatureScheme['kind'], readonly string[]>> = {
  ecdsa: ['ec'],
  rsa: ['rsa'],
  'rsa-pss': ['rsa', 'rsa-pss'],
  ed25519: ['ed25519'],
};

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
