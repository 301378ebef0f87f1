import { createPrivateKey, generateKeyPair as generate, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { asBuffer, type Bytes, HoldfastError } from '../../base/index.ts';
import { describePublicKey, exportPublicKey } from './public-key.ts';

/** The kinds of keys that are made here; the number of an `rsa` key is its size in bits. */
export const keyAlgorithms = ['p256', 'p384', 'p521', 'ed25519', 'rsa2048', 'rsa3072', 'rsa4096'] as const;
export type KeyAlgorithm = (typeof keyAlgorithms)[number];

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Makes a key pair, off the main thread. */
export function generateKeyPair(algorithm: KeyAlgorithm): Promise<KeyPair> {
  return makers[algorithm]();
}

/** The kind of a key in the words of {@link KeyAlgorithm}, and like them for kinds that are not made here: `rsa2560`. */
export function keyKind(spki: Bytes): string {
  const key = describePublicKey(spki);
  if (key.kind === 'ec') return key.curve.replace('-', '').toLowerCase();
  if (key.kind === 'ml-dsa') return key.parameterSet.toLowerCase();
  return key.kind === 'ed25519' ? key.kind : `${key.kind}${key.modulusBits}`;
}

/** How to make another key like this one. @throws HoldfastError `key_unsupported` for a kind that is not made here */
export function keyAlgorithmOf(spki: Bytes): KeyAlgorithm {
  const kind = keyKind(spki);
  if (isKeyAlgorithm(kind)) return kind;
  throw new HoldfastError('key_unsupported', `keys of the kind ${kind} are not made here`);
}

/**
 * The private key in unencrypted PKCS#8 DER (RFC 5958).
 * @throws HoldfastError `key_malformed`; `key_unsupported` as `importPublicKey` does
 */
export function importPrivateKey(pkcs8: Bytes): KeyObject {
  const key = createKey(pkcs8);
  describePublicKey(exportPublicKey(key));
  return key;
}

/** A private key as unencrypted PKCS#8 DER: a secret in the clear, for the keystore and for exports only. */
export function exportPrivateKey(key: KeyObject): Bytes {
  return key.export({ format: 'der', type: 'pkcs8' });
}

const generateAsync = promisify(generate);

const makers: Readonly<Record<KeyAlgorithm, () => Promise<KeyPair>>> = {
  p256: () => generateAsync('ec', { namedCurve: 'P-256' }),
  p384: () => generateAsync('ec', { namedCurve: 'P-384' }),
  p521: () => generateAsync('ec', { namedCurve: 'P-521' }),
  ed25519: () => generateAsync('ed25519', {}),
  rsa2048: () => generateAsync('rsa', { modulusLength: 2048 }),
  rsa3072: () => generateAsync('rsa', { modulusLength: 3072 }),
  rsa4096: () => generateAsync('rsa', { modulusLength: 4096 }),
};

function isKeyAlgorithm(kind: string): kind is KeyAlgorithm {
  return Object.hasOwn(makers, kind);
}

function createKey(pkcs8: Bytes): KeyObject {
  try {
    return createPrivateKey({ key: asBuffer(pkcs8), format: 'der', type: 'pkcs8' });
  } catch (error) {
    throw new HoldfastError('key_malformed', 'private key is malformed: not unencrypted pkcs#8', {
      cause: error,
    });
  }
}
