import type { RevocationReason, SerialNumber } from '../../pki/index.ts';

/** What was revoked, on record. */
export interface Revoked {
  /** `client/alpha`. */
  readonly identity: string;
  /** Of the certificates that ended with it. */
  readonly serials: readonly SerialNumber[];
  /** The numbers of the join codes that ended with it. */
  readonly joinCodes: readonly number[];
  readonly reason: RevocationReason;
  readonly at: Date;
}

/** An issuing certificate that was revoked, on record. */
export interface RevokedIssuer {
  readonly label: string;
  readonly serial: SerialNumber;
  /** What issues now. */
  readonly replacedBy: string;
  readonly reason: RevocationReason;
  readonly at: Date;
}
