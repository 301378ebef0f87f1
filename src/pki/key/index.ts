/**
 * Keys and signatures: what is in a public key, whether it can be broken, and with which algorithms anything is believed.
 */
export { type Fingerprint, fingerprint, parseFingerprint } from './fingerprint.ts';
export {
  exportPrivateKey,
  generateKeyPair,
  importPrivateKey,
  type KeyAlgorithm,
  type KeyPair,
  keyAlgorithmOf,
  keyAlgorithms,
  keyKind,
} from './key.ts';
export {
  describePublicKey,
  exportPublicKey,
  importPublicKey,
  keyIdentifier,
  type PublicKeyInfo,
  publicKeyBits,
} from './public-key.ts';
export { readSignatureAlgorithm, type SignatureAlgorithm } from './signature-algorithm.ts';
export { type HashName, hashName, hashOids, readHash } from './signature-scheme.ts';
export { type Signer, signerOf, verifySignature, writeSignature, writeSigned } from './signing.ts';
export { weaknessOfKey } from './weak-key.ts';
