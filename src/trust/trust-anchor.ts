import type { Bytes } from '../base/index.ts';
import { type Fingerprint, fingerprint } from '../pki/index.ts';

/** What a root may vouch for: every identity of one network, or servers of these names. */
export type SpeaksFor =
  | { readonly kind: 'network'; readonly network: string }
  | { readonly kind: 'server'; readonly names: readonly string[] };

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
