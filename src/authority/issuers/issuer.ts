import type { KeyObject } from 'node:crypto';
import type { Certificate, RevocationReason } from '../../pki/index.ts';

/** A certificate of the authority's own. */
export interface CaCertificate {
  /** Of its key in the keystore, and in addresses: `root-1`, `issuing-1`. */
  readonly label: string;
  readonly certificate: Certificate;
  /** Since when, and why, the root says that it is not to be believed any more; absent for one that is. */
  readonly revoked?: IssuerRevocation;
}

/** The end of an issuing certificate before its time. */
export interface IssuerRevocation {
  readonly at: Date;
  readonly reason: RevocationReason;
}

/** Everything that signing needs; what issues now does not change while the authority is open. */
export interface Issuer {
  readonly network: string;
  readonly statusAddress: string;
  readonly root: CaCertificate;
  readonly issuing: CaCertificate;
  readonly issuingKey: KeyObject;
  /** All there ever were, the newest first: what the older ones issued can still be in use. */
  readonly issuings: readonly [CaCertificate, ...CaCertificate[]];
}
