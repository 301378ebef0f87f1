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
} from './answers.ts';
export type { Authority } from './authority.ts';
export type { AuthorityStatus, CertificateStatus } from './authority-status.ts';
export { backedUpNodes } from './backup/backed-up-nodes.ts';
export { checkBackupFile } from './backup/backup-file.ts';
export type { BackupKey, BackupLock } from './backup/backup-key.ts';
export type { BackupManifest } from './backup/backup-manifest.ts';
export type { BackupPlace, RemotePlace } from './backup/backup-place.ts';
export type { BackupFileOrder, Backups, NamedRehearsal } from './backup/backups.ts';
export type { Care, ScheduledBackups } from './backup/care.ts';
export { type SealedKind, sealedKind } from './backup/open-sealed.ts';
export { type AuthorityKeys, readAuthorityPkcs12 } from './backup/read-p12.ts';
export type { BackupRecord } from './backup/recorded-backups.ts';
export {
  type BackupContents,
  inspectBackup,
  type Restored,
  type RestoreOrder,
  restoreAuthority,
  resumeRestore,
} from './backup/restore-authority.ts';
export { restorePkcs12 } from './backup/restore-p12.ts';
export type { WrittenBackup } from './backup/write-backup.ts';
export { type CreateAuthorityOptions, createAuthority } from './create-authority.ts';
export type { JoinCodeOrder } from './create-join-code.ts';
export type { Custody } from './custody/custody.ts';
export type { IssuerCustody, KeyPlace } from './custody/issuer-custody.ts';
export { checkServerNames } from './custody/permitted-names.ts';
export type { EnrolOrder } from './enrol-node.ts';
export type { Escrow, EscrowEntry } from './escrow.ts';
export { lockHome } from './home-lock.ts';
export { identityLabel } from './identity-label.ts';
export type { Issued } from './issue.ts';
export type { LocalOrder } from './issue-local.ts';
export type { CertificateRecord, IssuedCertificates } from './issued-certificates.ts';
export type { JoinCodeRecord, JoinCodes } from './join-codes.ts';
export type { Audit } from './log/audit.ts';
export type { AuditLog, LogEntry } from './log/audit-log.ts';
export { type ClockProblem, describeClock } from './log/clock-guard.ts';
export { type LogHead, type LogKind, type LogRecord, logKinds } from './log/log-record.ts';
export { triedByPeers } from './log/refused-peers.ts';
export type { LogFilter, LogPage } from './log/search-log.ts';
export type { VerifiedLog } from './log/verify-log.ts';
export { type MigratedRecords, migrateRecords } from './migrate-records.ts';
export type { CatchUpOrder, CaughtUp } from './mirror/catch-up.ts';
export { DirectoryMirror } from './mirror/directory-mirror.ts';
export type { LogMirror } from './mirror/log-mirror.ts';
export { lookForLog } from './mirror/look-for-log.ts';
export type { MirrorState, Mirrors } from './mirror/mirrors.ts';
export { hasAuthority, type Looks, type OpenAuthorityOptions, openAuthority } from './open-authority.ts';
export type { PolicyBook } from './policy/policy-book.ts';
export type { CertificateFilter, RecordedState } from './records/certificate-filter.ts';
export type { Standing } from './records/state.ts';
export type { RenewOrder } from './renew-node.ts';
export {
  answerFollowing,
  answerSubmission,
  type Submission,
  withEnrolment,
} from './requests/answer-request.ts';
export type { Submitted } from './requests/keep-request.ts';
export type { FollowedRequest, RequestDetails, RequestRecord, Requests } from './requests/requests.ts';
export type { ListedCrl } from './revocation/crl-state.ts';
export { describeTarget, type RevocationTarget } from './revocation/find-target.ts';
export type { OcspAnswerBytes } from './revocation/ocsp-responder.ts';
export type { Revocation, SignedCrl } from './revocation/revocation.ts';
export type { Revoked, RevokedIssuer } from './revocation/revoked.ts';
export type { ServerRoot, ServerRoots } from './server-roots.ts';
export { statusPaths } from './status-address.ts';
export { type StoreRecord, unmarkedStore } from './store-record.ts';
