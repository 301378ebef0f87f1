/**
 * What is not to be believed any more: certificates, identities, issuers, and the lists that say so.
 *
 * What the room promises: what is revoked is known to the gate at once, and to everybody within a minute; a list is signed
 * long before the one before it ends.
 */
export { type AskOutsideOptions, askOutside } from './ask-outside.ts';
export { describeTarget, type RevocationTarget } from './find-target.ts';
export { Revocation } from './revocation.ts';
export { revokeCertificates } from './revoke-certificates.ts';
export { countToRenew } from './revoke-issuer.ts';
export { type CrlSigning, type ListedCrl, readCrlState, signCrl, signCrlsWhenDue } from './sign-crl.ts';
