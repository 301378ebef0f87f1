import { errorRow, type HoldfastError, isHoldfastError, systemErrorCode } from '../base/index.ts';

/** Whether a failure may pass by itself. */
export function isPassing(error: unknown): error is HoldfastError {
  return isHoldfastError(error) && errorRow(error.code).passing === true;
}

/** Whether a host was not found because nobody has its name; a network that is down can look alike. */
export function isUnknownHost(error: unknown): boolean {
  if (isHoldfastError(error)) return isUnknownHost(error.cause);
  return systemErrorCode(error) === 'ENOTFOUND';
}

/** Of the failures at several addresses the one that says whether to try again: a host that is known and did not answer. */
export function mostHopeful(failures: readonly HoldfastError[]): HoldfastError | undefined {
  return failures.find((failure) => isPassing(failure) && !isUnknownHost(failure)) ?? failures[0];
}

/** HTTP statuses (RFC 9110 §15, RFC 6585 §4) by which a server, or what stands before it, says that it cannot answer now. */
export function isPassingStatus(status: number): boolean {
  return [408, 429, 502, 503, 504].includes(status);
}
