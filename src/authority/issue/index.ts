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
  parseAuthorisedNames,
  requestNotAllowed,
  subjectAltNamesOf,
  subjectOf,
} from './authorisation.ts';
export { isLive } from './is-live.ts';
export { checkIssuable, type Issued, type IssueOrder, type Issuing, issue, issuedBefore } from './issue.ts';
export { issueLocal, type LocalOrder } from './issue-local.ts';
export { IssuedBefore } from './issued-before.ts';
export { type CertificateRecord, type ImportedRecord, IssuedCertificates } from './issued-certificates.ts';
export { newKey } from './key-rules.ts';
export { leafSubject, leafTemplate } from './leaf-contents.ts';
export { draftLeaf, stands } from './leaf-draft.ts';
