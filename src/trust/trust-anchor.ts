import type { Bytes } from '../base/index.ts';
import { type Fingerprint, fingerprint } from '../pki/index.ts';

/**
 * What a root may vouch for: every identity of one network, or servers of these names. A certificate that is no authority
 * vouches for itself alone: for servers of these names, or for the one at an address, `host:port`, since it was accepted there.
 */
export type SpeaksFor =
  | { readonly kind: 'network'; readonly network: string }
  | { readonly kind: 'server'; readonly names: readonly string[] }
  | {
      readonly kind: 'address';
      readonly address: string;
      /** ISO 8601: when somebody accepted it. */
      readonly accepted: string;
    };

/** A root that is trusted, within bounds. */
export interface TrustAnchor {
  /** DER. */
  readonly certificate: Bytes;
  readonly fingerprint: Fingerprint;
  readonly speaksFor: SpeaksFor;
}

/** An anchor for a root in DER. */
export function trustAnchor(certificate: Bytes, speaksFor: SpeaksFor): TrustAnchor {
  return { certificate, fingerprint: fingerprint(certificate), speaksFor };
}
