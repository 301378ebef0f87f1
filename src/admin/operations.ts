import { type Static, type TSchema, Type } from 'typebox';
import type { Identity } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import type { Answer } from './answer.ts';
import {
  AuditExportAnswer,
  AuditListAnswer,
  AuditVerifyAnswer,
  auditExportInput,
  auditListInput,
  auditVerifyInput,
  exportAudit,
  listAudit,
  verifyAudit,
} from './audit.ts';
import {
  BackupAnswer,
  BackupDropAnswer,
  BackupListAnswer,
  BackupPiece,
  backUpTo,
  backupDropInput,
  backupInput,
  backupKeepInput,
  backupPieceInput,
  backupToInput,
  dropBackup,
  HeldBackupAnswer,
  keepBackup,
  listBackups,
  makeBackup,
  moveAway,
  moveInput,
  RehearsalPieceAnswer,
  RehearseAnswer,
  rehearsalPieceInput,
  rehearse,
  rehearseInput,
  showBackupPiece,
  takeRehearsalPiece,
  UndoMoveAnswer,
  undoMove,
  undoMoveInput,
} from './backups.ts';
import {
  acceptClock,
  acceptStore,
  CaAnswer,
  CaCompleteAnswer,
  CaExportAnswer,
  CaRequestAnswer,
  ClockAcceptAnswer,
  CrlListAnswer,
  CrlPiece,
  caCompleteInput,
  caExportInput,
  caPermitInput,
  clockAcceptInput,
  completeCa,
  crlInput,
  exportCa,
  listCrls,
  permitNames,
  requestCa,
  StoreAcceptAnswer,
  showCa,
  showCrl,
  storeAcceptInput,
} from './ca.ts';
import {
  CertificateExportAnswer,
  CertificateIssueAnswer,
  CertificateListAnswer,
  certificateExportInput,
  certificateIssueInput,
  certificateListInput,
  certificateShowInput,
  exportCertificate,
  ImportedListAnswer,
  importedListInput,
  issueCertificate,
  listCertificates,
  listImported,
  showCertificate,
} from './certificates.ts';
import { CertificateView, IssuerView } from './describe-certificate.ts';
import {
  JobListAnswer,
  JobView,
  jobIdInput,
  jobListInput,
  jobStartInput,
  jobStopInput,
  listJobs,
  showJob,
  startJob,
  stopJob,
} from './jobs.ts';
import {
  boundNode,
  ClientBoundsView,
  listNodes,
  NodeListAnswer,
  nodeBoundInput,
  nodeListInput,
} from './nodes.ts';
import {
  importPolicy,
  PolicyAnswer,
  PolicyChangeAnswer,
  policyImportInput,
  policySetInput,
  setPolicy,
  showPolicy,
} from './policy.ts';
import {
  listReleases,
  publishRelease,
  ReleaseListAnswer,
  ReleasePieceAnswer,
  ReleaseSignedAnswer,
  releasePieceInput,
  releasePublishInput,
  releaseWithdrawInput,
  takeReleasePiece,
  withdrawRelease,
} from './releases.ts';
import {
  approveRequest,
  collectRequest,
  denyRequest,
  listRequests,
  RequestCollectAnswer,
  RequestDetailsView,
  RequestListAnswer,
  RequestSubmitAnswer,
  RequestView,
  requestApproveInput,
  requestCollectInput,
  requestDenyInput,
  requestListInput,
  requestShowInput,
  requestSubmitInput,
  showRequest,
  submitRequest,
} from './requests.ts';
import {
  certificateRevocableInput,
  certificateRevokeInput,
  findRevocable,
  issuerRevokeInput,
  RevocableView,
  RevokedIssuerView,
  RevokedView,
  revoke,
  revokeIssuer,
} from './revoke.ts';
import {
  BringOnlineAnswer,
  bringOnline,
  bringOnlineInput,
  exportKeys,
  KeysExportAnswer,
  keysExportInput,
  RekeyAnswer,
  RemoveCopiesAnswer,
  rekeyInput,
  rekeyKeystore,
  removeCopies,
  SealRootAnswer,
  sealRoot,
  sealRootInput,
  TakeOfflineAnswer,
  takeOffline,
  takeOfflineInput,
} from './root-key.ts';
import {
  addSchedule,
  listSchedules,
  removeSchedule,
  ScheduleListAnswer,
  ScheduleView,
  scheduleAddInput,
  scheduleRemoveInput,
} from './schedules.ts';
import {
  listSentSets,
  SentSetListAnswer,
  SentSetView,
  sendSet,
  setSendInput,
  setWithdrawInput,
  withdrawSet,
} from './sent-sets.ts';
import { StatusAnswer, showStatus } from './status.ts';
import {
  bindTls,
  listServerRoots,
  ServerRootsAnswer,
  TlsBindAnswer,
  TlsUnbindAnswer,
  tlsBindInput,
  tlsUnbindInput,
  unbindTls,
} from './tls.ts';
import {
  BearerAnswer,
  BearerListAnswer,
  BearerRevokeAnswer,
  bearerCreateInput,
  bearerRevokeInput,
  createBearer,
  createToken,
  listBearers,
  listTokens,
  revokeBearer,
  revokeToken,
  TokenAnswer,
  TokenListAnswer,
  TokenRevokeAnswer,
  tokenCreateInput,
  tokenListInput,
  tokenRevokeInput,
} from './tokens.ts';
import {
  emptyTrash,
  listTrash,
  restoreTrash,
  TrashEmptyAnswer,
  TrashListAnswer,
  TrashRestoreAnswer,
  trashEmptyInput,
  trashListInput,
  trashRestoreInput,
} from './trash.ts';
import { CertificateVerdict, certificateVerifyInput, verifyCertificate } from './verify-certificate.ts';

/** Always, never, or when one of these fields is in the input. */
export type Local = boolean | readonly string[];

/** One thing an administrator can do: who may, what it takes, what it gives. */
export interface Operation<Input extends TSchema, Output extends TSchema> {
  readonly role: Identity['role'];
  /** Only for whoever is on the server's machine: what names files there, or moves keys. See {@link Local}. */
  readonly local: Local;
  readonly input: Input;
  /** A client takes fields that are not in it, from a newer server; every other one has to be there and right. */
  readonly answer: Output;
  readonly handle: (context: AdminContext, input: Static<Input>, caller: Identity) => Promise<Answer<Output>>;
}

const nothing = Type.Object({}, { additionalProperties: false });

/** The whole admin API. A command, the console and another machine all come through this table. */
export const operations = {
  status: define(nothing, StatusAnswer, showStatus),
  'token.create': define(tokenCreateInput, TokenAnswer, createToken),
  'token.list': define(tokenListInput, TokenListAnswer, listTokens),
  'token.revoke': define(tokenRevokeInput, TokenRevokeAnswer, revokeToken),
  'bearer.create': define(bearerCreateInput, BearerAnswer, createBearer),
  'bearer.list': define(tokenListInput, BearerListAnswer, listBearers),
  'bearer.revoke': define(bearerRevokeInput, BearerRevokeAnswer, revokeBearer),
  'audit.list': define(auditListInput, AuditListAnswer, listAudit),
  'audit.verify': define(auditVerifyInput, AuditVerifyAnswer, verifyAudit),
  'audit.export': define(auditExportInput, AuditExportAnswer, exportAudit),
  'ca.show': define(nothing, CaAnswer, showCa),
  'ca.export': define(caExportInput, CaExportAnswer, exportCa),
  'ca.crls': define(nothing, CrlListAnswer, listCrls),
  'ca.crl': define(crlInput, CrlPiece, showCrl),
  'ca.seal-root': define(sealRootInput, SealRootAnswer, sealRoot, { local: true }),
  'ca.offline': define(takeOfflineInput, TakeOfflineAnswer, takeOffline, { local: true }),
  'ca.remove-copies': define(nothing, RemoveCopiesAnswer, removeCopies, { local: true }),
  'ca.online': define(bringOnlineInput, BringOnlineAnswer, bringOnline, { local: true }),
  'ca.backup': define(backupInput, HeldBackupAnswer, makeBackup, { local: ['password'] }),
  'ca.backup-piece': define(backupPieceInput, BackupPiece, showBackupPiece),
  'ca.backup-keep': define(backupKeepInput, BackupAnswer, keepBackup),
  'ca.backup-drop': define(backupDropInput, BackupDropAnswer, dropBackup),
  'ca.backup-to': define(backupToInput, BackupAnswer, backUpTo, { local: ['to', 'keep', 'password'] }),
  'ca.backups': define(nothing, BackupListAnswer, listBackups),
  'ca.rehearse': define(rehearseInput, RehearseAnswer, rehearse, { local: ['file', 'identity', 'password'] }),
  'ca.rehearsal-piece': define(rehearsalPieceInput, RehearsalPieceAnswer, takeRehearsalPiece, {
    local: true,
  }),
  'ca.move': define(moveInput, HeldBackupAnswer, moveAway, { local: true }),
  'ca.move-undo': define(undoMoveInput, UndoMoveAnswer, undoMove),
  'ca.export-keys': define(keysExportInput, KeysExportAnswer, exportKeys, { local: true }),
  'keystore.rekey': define(rekeyInput, RekeyAnswer, rekeyKeystore, { local: true }),
  'ca.request': define(nothing, CaRequestAnswer, requestCa),
  'ca.complete': define(caCompleteInput, CaCompleteAnswer, completeCa),
  'ca.permit': define(caPermitInput, IssuerView, permitNames),
  'ca.revoke-issuer': define(issuerRevokeInput, RevokedIssuerView, revokeIssuer),
  'ca.clock-accept': define(clockAcceptInput, ClockAcceptAnswer, acceptClock),
  'store.accept': define(storeAcceptInput, StoreAcceptAnswer, acceptStore),
  'tls.bind': define(tlsBindInput, TlsBindAnswer, bindTls, { local: ['key'] }),
  'tls.unbind': define(tlsUnbindInput, TlsUnbindAnswer, unbindTls),
  'tls.list': define(nothing, ServerRootsAnswer, listServerRoots),
  'node.list': define(nodeListInput, NodeListAnswer, listNodes),
  'node.bound': define(nodeBoundInput, ClientBoundsView, boundNode),
  'job.start': define(jobStartInput, JobView, startJob),
  'job.stop': define(jobStopInput, JobView, stopJob),
  'job.show': define(jobIdInput, JobView, showJob),
  'job.list': define(jobListInput, JobListAnswer, listJobs),
  'schedule.add': define(scheduleAddInput, ScheduleView, addSchedule),
  'schedule.list': define(nothing, ScheduleListAnswer, listSchedules),
  'schedule.remove': define(scheduleRemoveInput, ScheduleView, removeSchedule),
  'set.send': define(setSendInput, SentSetView, sendSet),
  'set.sent': define(nothing, SentSetListAnswer, listSentSets),
  'set.withdraw': define(setWithdrawInput, SentSetView, withdrawSet),
  'trash.list': define(trashListInput, TrashListAnswer, listTrash),
  'trash.restore': define(trashRestoreInput, TrashRestoreAnswer, restoreTrash),
  'trash.empty': define(trashEmptyInput, TrashEmptyAnswer, emptyTrash),
  'release.piece': define(releasePieceInput, ReleasePieceAnswer, takeReleasePiece),
  'release.publish': define(releasePublishInput, ReleaseSignedAnswer, publishRelease),
  'release.list': define(nothing, ReleaseListAnswer, listReleases),
  'release.withdraw': define(releaseWithdrawInput, ReleaseSignedAnswer, withdrawRelease),
  'cert.issue': define(certificateIssueInput, CertificateIssueAnswer, issueCertificate),
  'cert.list': define(certificateListInput, CertificateListAnswer, listCertificates),
  'cert.imported': define(importedListInput, ImportedListAnswer, listImported),
  'cert.show': define(certificateShowInput, CertificateView, showCertificate),
  'cert.export': define(certificateExportInput, CertificateExportAnswer, exportCertificate),
  'cert.revocable': define(certificateRevocableInput, RevocableView, findRevocable),
  'cert.revoke': define(certificateRevokeInput, RevokedView, revoke),
  'cert.verify': define(certificateVerifyInput, CertificateVerdict, verifyCertificate),
  'policy.show': define(nothing, PolicyAnswer, showPolicy),
  'policy.set': define(policySetInput, PolicyChangeAnswer, setPolicy),
  'policy.import': define(policyImportInput, PolicyChangeAnswer, importPolicy),
  'request.submit': define(requestSubmitInput, RequestSubmitAnswer, submitRequest),
  'request.list': define(requestListInput, RequestListAnswer, listRequests),
  'request.show': define(requestShowInput, RequestDetailsView, showRequest),
  'request.approve': define(requestApproveInput, RequestView, approveRequest),
  'request.deny': define(requestDenyInput, RequestView, denyRequest),
  'request.collect': define(requestCollectInput, RequestCollectAnswer, collectRequest),
} as const;

export type OperationName = keyof typeof operations;
export type OperationInput<Name extends OperationName> = Static<(typeof operations)[Name]['input']>;
export type OperationAnswer<Name extends OperationName> = Answer<(typeof operations)[Name]['answer']>;

function define<Input extends TSchema, Output extends TSchema>(
  input: Input,
  answer: Output,
  handle: Operation<Input, Output>['handle'],
  { local = false }: { readonly local?: Local } = {},
): Operation<Input, Output> {
  return { role: 'admin', local, input, answer, handle };
}
