/**
 * What a certificate says, and whether it may be issued.
 *
 * What the room promises: a certificate says what was authorised, and never what was only asked for; it is on record before
 * it is seen by anybody; and a public key belongs to one identity for ever.
 */
export {
  type Authorisation,
  checkNamesOfRole,
  nameFormsOf,
  newKey,
  parseAuthorisedNames,
  requestNotAllowed,
  subjectAltNamesOf,
  subjectOf,
} from './authorisation.ts';
export {
  checkIssuable,
  type Issued,
  IssuedBefore,
  type IssueOrder,
  type Issuing,
  issue,
  issuedBefore,
} from './issue.ts';
export { issueLocal, type LocalOrder } from './issue-local.ts';
export {
  type CertificateRecord,
  type ImportedRecord,
  IssuedCertificates,
  isLive,
} from './issued-certificates.ts';
export { checkIssuing, draftLeaf, leafSubject, leafTemplate, stands } from './leaf-contents.ts';
