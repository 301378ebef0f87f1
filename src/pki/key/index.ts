/**
 * Keys and signatures: what is in a public key, whether it can be broken, and with which algorithms anything is believed.
 */

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
  type Fingerprint,
  fingerprint,
  importPublicKey,
  keyIdentifier,
  type PublicKeyInfo,
  parseFingerprint,
  publicKeyBits,
} from './public-key.ts';
export { encodePvk } from './pvk.ts';
export {
  type HashName,
  hashName,
  hashOids,
  readHash,
  readSignatureAlgorithm,
  type SignatureAlgorithm,
  type Signer,
  signerOf,
  verifySignature,
  writeSignature,
  writeSigned,
} from './signing.ts';
export { weaknessOfKey } from './weak-key.ts';
