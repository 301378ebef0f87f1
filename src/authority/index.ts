/**
 * Decisions and records: who gets a certificate, what it says, and what was decided.
 *
 * What the folder promises: what a certificate says comes from what was authorised, never from the request; a
 * certificate is on record, durably, before it is seen by anybody; a name once issued stays with its identity, and a
 * public key too; every decision is in one log whose records carry the hash of the one before, numbered inside the
 * commit of what they record; and there is one writer for each home.
 */

export {
  type AdoptedRoot,
  type AdoptSources,
  answeredRoot,
  checkRoot,
  type FoundAuthority,
  type Imports,
  type RootJudgement,
  readAdopted,
} from './adopt/index.ts';
export {
  answerEscrow,
  answerEscrowPage,
  answerFollowing,
  answerJoin,
  answerRenew,
  answerSubmission,
  answerTrust,
  refusalOf,
  type Submission,
  withEnrolment,
} from './answers/index.ts';
export type { Authority } from './authority.ts';
export { type BackupPlace, checkBackupFile, type HeldBackup, type UpkeepSettings } from './backup/index.ts';
export type { IssuerCustody } from './custody/index.ts';
export type { CertificateRecord, ImportedRecord, LocalOrder } from './issue/index.ts';
export {
  checkServerNames,
  isSelfSigned,
  namesPlace,
  type OutsideStatus,
  permittingNames,
  statusPaths,
} from './issuers/index.ts';
export { logKinds, triedByPeers } from './log/index.ts';
export { DirectoryMirror, type LogMirror, lookForLog } from './mirror/index.ts';
export {
  type Arrival,
  type ClientActs,
  type ClientBounds,
  type ClientReport,
  type ClientUsage,
  type Grant,
  type Job,
  type JudgedReport,
  type JudgedSet,
  noQuota,
  type ReplicationEntry,
  type ReplicationRule,
  type ScheduleEntry,
  type SentSetEntry,
  type Sighting,
  type StorageNode,
} from './nodes/index.ts';
export type { OcspAnswerBytes } from './ocsp/index.ts';
export {
  type Archive,
  archiveAuthority,
  authorityWaiting,
  beginWaiting,
  createAuthority,
  hasAuthority,
  type Looks,
  migrateRecords,
  openAuthority,
  openWaitingKey,
  Roster,
  readWaiting,
  type WaitingAuthority,
} from './opening/index.ts';
export { type PolicyCheck, type StoreRecord, unmarkedStore } from './policy/index.ts';
export { identityLabel } from './records/index.ts';
export type { RequestDetails, RequestRecord, Submitted } from './requests/index.ts';
export {
  backedUpNodes,
  type CaughtUp,
  openKeys,
  openRestoreSource,
  type RestoreSource,
  restoreAuthority,
  resumeRestore,
} from './restore/index.ts';
export { describeTarget, type ListedCrl, type RevocationTarget } from './revocation/index.ts';
export { type BackupLock, notHeld, type WrittenBackup } from './sealed/index.ts';
export { describeClock } from './standing/index.ts';
export type { AuthorityStatus, CertificateStatus } from './upkeep/index.ts';
