import type { ObjectIdentifier } from './object-identifier.ts';

export type HashName = 'sha256' | 'sha384' | 'sha512';

/** How a signature is verified; the sets named are all that is accepted. */
export type SignatureScheme =
  | { readonly kind: 'ecdsa'; readonly hash: HashName }
  | { readonly kind: 'rsa'; readonly hash: HashName }
  | { readonly kind: 'rsa-pss'; readonly hash: HashName; readonly saltLength: number }
  | { readonly kind: 'ed25519' };

/** The algorithm of a signature as a certificate or request names it. */
export interface SignatureAlgorithm {
  readonly oid: ObjectIdentifier;
  /** For people: `ecdsa-with-SHA256`, `sha1WithRSAEncryption`, or the identifier when it is not known here. */
  readonly name: string;
  /** Undefined when signatures of this kind are not accepted: SHA-1, MD5, or unknown. */
  readonly scheme?: SignatureScheme;
}
