/**
 * What says that a certificate is revoked: lists (RFC 5280 §5) and answers (RFC 6960, RFC 9654).
 */
export { type CrlEntry, createCrl, encodeCrlEntries } from './create-crl.ts';
export {
  createOcspError,
  createOcspResponse,
  createOcspSigner,
  encodeOcspData,
  encodeOcspResponse,
  type OcspResponseTemplate,
  type OcspSigner,
} from './create-ocsp-response.ts';
export {
  type AnyCrl,
  type Crl,
  crlOids,
  parseAnyCrl,
  parseCrl,
  type RevokedCertificate,
  verifyCrlSignature,
} from './crl.ts';
export {
  createOcspRequest,
  type OcspCertId,
  type OcspHash,
  type OcspRequest,
  ocspIssuerKey,
  parseOcspRequest,
} from './ocsp-request.ts';
export {
  type OcspErrorStatus,
  type OcspResponse,
  type OcspSingleResponse,
  type OcspStatus,
  parseOcspResponse,
  verifyOcspResponse,
} from './ocsp-response.ts';
export { type FoundReason, type RevocationReason, revocationReasons } from './revocation-reason.ts';
