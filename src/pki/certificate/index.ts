/**
 * Certificates and requests for them: read, written, held against the rules of RFC 5280 before they are signed.
 */
export { type AuthorityKeyId, writeAuthorityKeyId } from './authority-key-id.ts';
export { type Certificate, endsWithIssuer, parseCertificate, readCertificateDer } from './certificate.ts';
export { type CertificateRequest, parseCertificateRequest } from './certificate-request.ts';
export {
  type CertificateTemplate,
  certificateToSign,
  checkLint,
  completeCertificate,
  createCertificate,
  createLintedCertificate,
  signLinted,
} from './create-certificate.ts';
export { createCertificateRequest } from './create-certificate-request.ts';
export {
  allReasons,
  type DistributionPoint,
  type DistributionPointName,
  type ReasonFlag,
  readPointName,
  readReasonFlags,
} from './distribution-points.ts';
export { type Extensions, extensionOids } from './extensions.ts';
export type { KeyUsage } from './key-usage.ts';
export { isSelfIssued, orderChain, signed } from './order-chain.ts';
export { anyPolicy, type PolicyMapping } from './policy-extensions.ts';
export { noExtensions, readExtensions } from './read-extensions.ts';
export { checkRequestSize, requestFromText } from './request-from-text.ts';
export {
  generateSerialNumber,
  parseSerialNumber,
  readSerialNumber,
  type SerialNumber,
  writeSerialNumber,
} from './serial-number.ts';
export {
  publicKeyOf,
  verifyCertificateSignature,
  verifyRequestSignature,
  verifySha1Proof,
} from './verify-signature.ts';
export { type ExtensionTemplate, writeExtension } from './write-extensions.ts';
