/**
 * The authority's own certificates: what they say, which of them issues now, and the next one in its place.
 *
 * What the room promises: an issuing certificate is replaced before it ends, with a key of its own, and is on record before it
 * signs; what it may not certify is known before anything is signed.
 */
export {
  caLabel,
  createIssuingCertificate,
  createRootCertificate,
  isSelfSigned,
  keyIdentifierOf,
  parseStatusAddress,
  rootRequest,
  statusPaths,
} from './ca-certificates.ts';
export {
  type CaCertificate,
  type Issuer,
  type IssuerRevocation,
  readIssuer,
  readIssuers,
  rootKey,
} from './issuer.ts';
export {
  askAgainAt,
  checkOutside,
  namesPlace,
  type OutsideStatus,
  outsideWarnings,
  readOutside,
  signersAbove,
} from './outside.ts';
export { checkNamesOfServer, checkPermitted, checkServerNames, permittingNames } from './permitted-names.ts';
export {
  boundsUris,
  type Replacing,
  readAgain,
  replaceIssuing,
  replaceIssuingWhenDue,
  replacementTime,
} from './replace-issuing.ts';
