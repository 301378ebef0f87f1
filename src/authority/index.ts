/**
 * Decisions and records: who gets a certificate, what it says, and what was decided.
 *
 * What the folder promises: what a certificate says comes from what was authorised, never from the request; a
 * certificate is on record, durably, before it is seen by anybody; a name once issued stays with its identity, and a
 * public key too; every decision is in one log whose records carry the hash of the one before, numbered inside the
 * commit of what they record; and there is one writer for each home.
 */

export {
  answerEscrow,
  answerEscrowPage,
  answerJoin,
  answerRenew,
  answerTrust,
  type Peer,
  refusalOf,
} from './answers/answer-node.ts';
export {
  answerFollowing,
  answerSubmission,
  type Submission,
  withEnrolment,
} from './answers/answer-request.ts';
export type { Authority } from './authority.ts';
export { checkBackupFile } from './backup/backup-file.ts';
export type { BackupPlace, RemotePlace } from './backup/backup-place.ts';
export type { BackupFileOrder, Backups, NamedRehearsal } from './backup/backups.ts';
export type { Care, ScheduledBackups } from './backup/care.ts';
export type { BackupRecord } from './backup/recorded-backups.ts';
export type { Custody } from './custody/custody.ts';
export type { Escrow, EscrowEntry } from './custody/escrow.ts';
export type { IssuerCustody, KeyPlace } from './custody/issuer-custody.ts';
export type { JoinCodeOrder } from './enrol/create-join-code.ts';
export type { EnrolOrder } from './enrol/enrol-node.ts';
export type { JoinCodeRecord, JoinCodes } from './enrol/join-codes.ts';
export type { RenewOrder } from './enrol/renew-node.ts';
export type { Issued } from './issue/issue.ts';
export type { LocalOrder } from './issue/issue-local.ts';
export type { CertificateRecord, IssuedCertificates } from './issue/issued-certificates.ts';
export { checkServerNames } from './issuers/permitted-names.ts';
export { statusPaths } from './issuers/status-address.ts';
export type { AuditLog, LogEntry } from './log/audit-log.ts';
export { type LogHead, type LogKindName, type LogRecord, logKinds } from './log/log-record.ts';
export { triedByPeers } from './log/refused-peers.ts';
export type { LogFilter, LogPage } from './log/search-log.ts';
export type { Audit, VerifiedLog } from './mirror/audit.ts';
export { DirectoryMirror } from './mirror/directory-mirror.ts';
export type { LogMirror } from './mirror/log-mirror.ts';
export { lookForLog } from './mirror/log-mirror.ts';
export type { MirrorState, Mirrors } from './mirror/mirrors.ts';
export type { OcspAnswerBytes } from './ocsp/ocsp-responder.ts';
export { type CreateAuthorityOptions, createAuthority } from './opening/create-authority.ts';
export { lockHome } from './opening/home-lock.ts';
export { type MigratedRecords, migrateRecords } from './opening/migrate-records.ts';
export {
  hasAuthority,
  type Looks,
  type OpenAuthorityOptions,
  openAuthority,
} from './opening/open-authority.ts';
export type { PolicyBook } from './policy/policy-book.ts';
export type { ServerRoot, ServerRoots } from './policy/server-roots.ts';
export { type StoreRecord, unmarkedStore } from './policy/store-record.ts';
export type { CertificateFilter, RecordedState } from './records/certificate-filter.ts';
export { identityLabel } from './records/identity-label.ts';
export type { Standing } from './records/state.ts';
export type { Submitted } from './requests/keep-request.ts';
export type { FollowedRequest, RequestDetails, RequestRecord, Requests } from './requests/requests.ts';
export { backedUpNodes } from './restore/backed-up-nodes.ts';
export type { CatchUpOrder, CaughtUp } from './restore/catch-up.ts';
export { type AuthorityKeys, readAuthorityPkcs12 } from './restore/read-p12.ts';
export {
  type BackupContents,
  inspectBackup,
  type Restored,
  type RestoreOrder,
  restoreAuthority,
  resumeRestore,
} from './restore/restore-authority.ts';
export { restorePkcs12 } from './restore/restore-p12.ts';
export { describeTarget, type RevocationTarget } from './revocation/find-target.ts';
export type { Revocation, SignedCrl } from './revocation/revocation.ts';
export type { Revoked } from './revocation/revoke-certificates.ts';
export type { RevokedIssuer } from './revocation/revoke-issuer.ts';
export type { ListedCrl } from './revocation/sign-crl.ts';
export type { BackupKey, BackupLock } from './sealed/backup-key.ts';
export type { BackupManifest } from './sealed/backup-manifest.ts';
export { type SealedKind, sealedKind } from './sealed/open-sealed.ts';
export type { WrittenBackup } from './sealed/write-backup.ts';
export { type ClockProblem, describeClock } from './standing/clock-guard.ts';
export type { AuthorityStatus, CertificateStatus } from './upkeep/authority-status.ts';
