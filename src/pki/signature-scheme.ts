/** The hashes that signatures are accepted with. */
export type HashName = 'sha256' | 'sha384' | 'sha512';

/** How a signature is verified; the sets named are all that is accepted. */
export type SignatureScheme =
  | { readonly kind: 'ecdsa'; readonly hash: HashName }
  | { readonly kind: 'rsa'; readonly hash: HashName }
  | { readonly kind: 'rsa-pss'; readonly hash: HashName; readonly saltLength: number }
  | { readonly kind: 'ed25519' };
