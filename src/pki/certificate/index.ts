/**
 * Certificates and requests for them: read, written, held against the rules of RFC 5280 before they are signed.
 */

export { type Certificate, endsWithIssuer, parseCertificate, readCertificateDer } from './certificate.ts';
export {
  type CertificateRequest,
  createCertificateRequest,
  parseCertificateRequest,
  type RequestTemplate,
} from './certificate-request.ts';
export {
  type CertificateTemplate,
  certificateToSign,
  checkLint,
  completeCertificate,
  createCertificate,
  createLintedCertificate,
  signLinted,
} from './create-certificate.ts';
export { type Extensions, extensionOids, noExtensions, readExtensions } from './extensions.ts';
export {
  type AuthorityKeyId,
  allReasons,
  type DistributionPoint,
  type DistributionPointName,
  type ReasonFlag,
  readPointName,
  readReasonFlags,
  writeAuthorityKeyId,
} from './issuer-extensions.ts';
export { checkRequestSize, requestFromText } from './request-from-text.ts';
export {
  generateSerialNumber,
  parseSerialNumber,
  readSerialNumber,
  type SerialNumber,
  writeSerialNumber,
} from './serial-number.ts';
export { anyPolicy, type KeyUsage, type PolicyMapping } from './usage-extensions.ts';
export {
  isSelfIssued,
  orderChain,
  publicKeyOf,
  signed,
  verifyCertificateSignature,
  verifyRequestSignature,
  verifySha1Proof,
} from './verify-signature.ts';
export { type ExtensionTemplate, writeExtension } from './write-extensions.ts';
