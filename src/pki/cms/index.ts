/**
 * Signed messages (RFC 5652): chains, and requests signed with the key of the certificate before; and sealed ones (RFC 5083).
 */
export { certificatesFromPkcs7, cmsOids, createChainPkcs7 } from './cms-signed-data.ts';
export { sealToCertificate, unsealWithKey } from './enveloped-data.ts';
export { readSignedRequest, signRequestPkcs7 } from './signed-request.ts';
