/**
 * What is on record: one class for each table, in the file of its topic, each statement once, in the words that every engine takes.
 *
 * What the room promises: nothing else has SQL; what is read in a transaction is what it sees, what is read as committed waits
 * for nothing; and what a directory of an authority has to hold is looked at before it is believed.
 */
export { authorityDamaged, authorityDirectory, databasePath, existingDatabase } from './authority-files.ts';
export { AuthorityRecords, openRecords, readRecordsIn } from './authority-records.ts';
export { type CertificateFilter, publicKeyHash, type RecordedState } from './certificate-filter.ts';
export type { CertificateRow, ListedCertificateRow, LoggedRow, RevokedRow } from './certificates.ts';
export type { ClientAlarmRow, ClientDayRow, ClientUsageRow } from './client-activity.ts';
export type { ClientBoundsRow } from './client-bounds.ts';
export type { BackupRow } from './copies.ts';
export { type CrlRow, ocspSignerLabel } from './crl-ocsp.ts';
export type { EscrowRow } from './escrows.ts';
export type { GrantRow } from './grants.ts';
export {
  type IdentityRow,
  identityLabel,
  identityOf,
  reissueCommand,
  releaseSigner,
} from './identities.ts';
export type {
  ImportedCertificateRow,
  ImportedFilter,
  NewImportedCertificate,
} from './imported-certificates.ts';
export {
  type IssuerKind,
  type IssuerRow,
  issuerLabel,
  type OutsideAnswer,
  type OutsideReason,
  type OutsideStatusRow,
} from './issuers.ts';
export type { JobRow } from './jobs.ts';
export type { LogRow } from './log.ts';
export { endMove, finishMove, moveRecords, takeBackRecords } from './move-records.ts';
export type { NodeReportRow } from './node-reports.ts';
export { policyOnRecord } from './policy.ts';
export { Records } from './records.ts';
export type { ReplicationRow } from './replications.ts';
export type { NewRequest, RequestKind, RequestRow } from './requests.ts';
export type { ScheduleRow } from './schedules.ts';
export type { SentSetRow } from './sent-sets.ts';
export type { SightingRow } from './sightings.ts';
export type { Standing, StateRow } from './state.ts';
export type { StorageReportRow } from './storage-reports.ts';
export type { BearerTokenRow, JoinCodeRow } from './tokens.ts';
