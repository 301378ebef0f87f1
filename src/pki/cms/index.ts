/**
 * Signed messages (RFC 5652): chains, and requests signed with the key of the certificate before.
 */
export { certificatesFromPkcs7, createChainPkcs7 } from './chain-pkcs7.ts';
export { cmsOids } from './cms-signed-data.ts';
export { readSignedRequest } from './read-signed-request.ts';
export { signRequestPkcs7 } from './sign-request-pkcs7.ts';
