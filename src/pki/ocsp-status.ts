import type { FoundReason, RevocationReason } from './revocation-reason.ts';

/** What is said of one certificate (RFC 6960 §4.2.1); `unknown` means that the issuer has no such certificate on record. */
export type OcspStatus<Reason = RevocationReason> =
  | { readonly kind: 'good' | 'unknown' }
  | { readonly kind: 'revoked'; readonly revokedAt: Date; readonly reason: Reason };

/** A status as it was read. */
export type FoundOcspStatus = OcspStatus<FoundReason>;

/** Why there is no answer, in the words of RFC 6960 §4.2.1, by their numbers. */
export const ocspErrorCodes = {
  malformedRequest: 1,
  internalError: 2,
  tryLater: 3,
  sigRequired: 5,
  unauthorized: 6,
} as const;

export type OcspErrorStatus = keyof typeof ocspErrorCodes;
