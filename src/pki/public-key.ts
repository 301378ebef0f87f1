import type { KeyObject } from 'node:crypto';
import type { Bytes } from '../base/index.ts';

/** What kind of key a SubjectPublicKeyInfo holds. */
export type PublicKeyInfo =
  | { readonly kind: 'ec'; readonly curve: 'P-256' | 'P-384' | 'P-521' }
  | { readonly kind: 'rsa' | 'rsa-pss'; readonly modulusBits: number }
  | { readonly kind: 'ed25519' };

/** @throws HoldfastError `key_malformed`, `key_unsupported` (other curves, explicit curves, DSA, RSA below 2048 bits, …) */
export function describePublicKey(spki: Bytes): PublicKeyInfo {
  throw new TypeError(`not yet ${spki.length}`);
}
/** @throws HoldfastError as describePublicKey */
export function importPublicKey(spki: Bytes): KeyObject {
  throw new TypeError(`not yet ${spki.length}`);
}
export function exportPublicKey(key: KeyObject): Bytes {
  throw new TypeError(`not yet ${key.type}`);
}
/** The subjectKeyIdentifier of a key: leftmost 160 bits of the SHA-256 of its BIT STRING (RFC 7093 §2 method 1). */
export function keyIdentifier(spki: Bytes): Bytes {
  throw new TypeError(`not yet ${spki.length}`);
}
