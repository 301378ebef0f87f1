/**
 * Certificates and what they are made of: DER, names, keys, certificates, requests, CRLs, OCSP, PEM (RFC 5280, 2986, 6960,
 * 9654, 7468, X.690).
 * Pure: bytes in, values out; no files, no network, no clock, and no judgement of whom to trust.
 *
 * Two promises. Reading is total: any bytes give a value or a HoldfastError, in time linear in their number and with
 * bounded depth. And what is read is only what is unambiguous: strict DER, no extension twice, no control characters
 * in names; a certificate that two readers could understand differently is malformed here.
 *
 * Values keep views of the bytes they were read from; those must not change afterwards.
 */

export { placeOfAddress } from './address-place.ts';
export { type Certificate, parseCertificate } from './certificate.ts';
export { type CertificateRequest, parseCertificateRequest } from './certificate-request.ts';
export { certificatesFromPkcs7, createChainPkcs7 } from './chain-pkcs7.ts';
export {
  type CertificateTemplate,
  certificateToSign,
  completeCertificate,
  createCertificate,
  createLintedCertificate,
  signLinted,
} from './create-certificate.ts';
export { createCertificateRequest } from './create-certificate-request.ts';
export { type CrlEntry, createCrl, encodeCrlEntries } from './create-crl.ts';
export { createOcspRequest } from './create-ocsp-request.ts';
export {
  createOcspError,
  createOcspResponse,
  createOcspSigner,
  encodeOcspData,
  encodeOcspResponse,
  type OcspResponseTemplate,
  type OcspSigner,
} from './create-ocsp-response.ts';
export { createPkcs12 } from './create-pkcs12.ts';
export { type Crl, parseCrl } from './crl.ts';
export { endsWithIssuer } from './ends-with-issuer.ts';
export type { ExtendedKeyUsage } from './extended-key-usage.ts';
export { extensionOids } from './extensions.ts';
export { type Fingerprint, fingerprint, parseFingerprint } from './fingerprint.ts';
export { formatSubtree } from './format-subtree.ts';
export { formatGeneralName, type GeneralName } from './general-name.ts';
export { isHostName, looksLikeHost } from './host-name.ts';
export {
  type Identity,
  identityUri,
  isNetworkName,
  isNodeName,
  networkUri,
  parseIdentityUri,
  parseNetworkUri,
  type Role,
  roles,
} from './identity.ts';
export { formatIpAddress, type IpRange, isIpWithin, parseIpAddress, parseIpRange } from './ip-address.ts';
export {
  exportPrivateKey,
  generateKeyPair,
  importPrivateKey,
  type KeyAlgorithm,
  type KeyPair,
  keyAlgorithmOf,
  keyAlgorithms,
  keyKind,
} from './key.ts';
export type { KeyUsage } from './key-usage.ts';
export { commonName, createName, type Name } from './name.ts';
export { type AttributeShortName, attributeOids, type NameAttribute } from './name-attribute.ts';
export type { GeneralSubtree, NameConstraints } from './name-constraints.ts';
export { equalNames, formatName, isNameWithin, nameKey } from './name-match.ts';
export { isNamePattern, matchesNamePattern } from './name-pattern.ts';
export { type OcspCertId, type OcspHash, ocspIssuerKey } from './ocsp-cert-id.ts';
export { type OcspRequest, parseOcspRequest } from './ocsp-request.ts';
export { type OcspResponse, parseOcspResponse } from './ocsp-response.ts';
export type { OcspErrorStatus, OcspStatus } from './ocsp-status.ts';
export { type OpenedPkcs12, openPkcs12 } from './open-pkcs12.ts';
export { orderChain, signed } from './order-chain.ts';
export {
  certificatePem,
  certificatesFromPem,
  crlPem,
  parsePem,
  pemText,
  privateKeyPem,
  requestPem,
} from './pem.ts';
export type { Pkcs12Contents } from './pkcs12-bags.ts';
export { describePublicKey, exportPublicKey, keyIdentifier, type PublicKeyInfo } from './public-key.ts';
export { readSignedRequest } from './read-signed-request.ts';
export { requestFromText } from './request-from-text.ts';
export { type RevocationReason, revocationReasons } from './revocation-reason.ts';
export { generateSerialNumber, parseSerialNumber, type SerialNumber } from './serial-number.ts';
export { signRequestPkcs7 } from './sign-request-pkcs7.ts';
export { signerOf } from './signing.ts';
export { createSubject, restateSubject, type SubjectAttributes } from './subject.ts';
export { verifyOcspResponse } from './verify-ocsp-response.ts';
export {
  publicKeyOf,
  verifyCertificateSignature,
  verifyCrlSignature,
  verifyRequestSignature,
} from './verify-signature.ts';
export { weaknessOfKey } from './weak-key.ts';
export type { ExtensionTemplate } from './write-extensions.ts';
