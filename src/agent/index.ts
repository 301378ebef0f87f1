/**
 * A client's work: being a node of a network, staying one, and reaching repositories. The agent keeps what a node
 * needs between runs (identity, trust, repository keys, exports) and brings it up to date whenever it dials.
 * It knows nothing of a command line and prints nothing.
 */
export {
  attemptState,
  type BackupOutcome,
  type BackupRecord,
  keepAttempt,
  keepDamagedPacks,
  newAttempt,
  readBackupRecords,
  readDamagedPacks,
  serverPlace,
} from './backup-record.ts';
export { changePassword, type KnownKey, knownKeys, removeKey } from './change-keys.ts';
export {
  type Answered,
  answeredChain,
  askAfter,
  chosenRequest,
  collectApproved,
  nextOfOutcome,
  type RequestOutcome,
  settleAnswer,
} from './collect-request.ts';
export { Connection, connectNode } from './connection.ts';
export {
  type Drill,
  type DrillRecord,
  drillResults,
  foundIn,
  keepDrill,
  readDrills,
} from './drill/drill-record.ts';
export { DrillRunner, drillBytes, unprovenSince } from './drill/drill-runner.ts';
export { drillFinding, drillState, isDrillAlarm } from './drill/drill-standing.ts';
export {
  type ExportLayout,
  exportPem,
  exportRestic,
  exportSesam,
  findRequestKey,
  forgetExport,
  keyCopiesOf,
  type RequestKey,
  rewriteExports,
  withNotedCopy,
} from './export-certificate.ts';
export { copyPath } from './grants/copy-path.ts';
export { openGrant } from './grants/open-grant.ts';
export { recipientOf, sealedGrant, sealOwnGrant } from './grants/seal-grant.ts';
export { verifyRecipient } from './grants/verify-recipient.ts';
export {
  handIn,
  type KnownServer,
  type OwnRequest,
  requestServer,
  type SaidServer,
  serverOfRequest,
} from './hand-in.ts';
export { forgetToken, heldTokens } from './held-token.ts';
export { readJobs } from './jobs/job-file.ts';
export { JobRunner } from './jobs/job-runner.ts';
export { OrderLine } from './jobs/order-line.ts';
export { joinNetwork } from './join-network.ts';
export { type LastConnection, noteQuota, readLastConnection } from './last-connection.ts';
export { keepBase, readBase, readChanges } from './live/changes-file.ts';
export { LiveSets, type WatchedSet } from './live/live-sets.ts';
export { forgetLive, type LiveStanding, readStanding } from './live/live-standing.ts';
export { changeLocalTrust, type LocalTrustChange, readLocalTrust } from './local-trust.ts';
export { findSetBack, missedWords, noteBackup, noteRenamed } from './made-snapshots.ts';
export { moveToServer, serverUrl } from './move-to-server.ts';
export { findKeystore, identityLabel, type Node, nodeFiles, openNode, openOrCreateKeystore } from './node.ts';
export { type NodeState, readNodeState } from './node-state.ts';
export { isOfNetwork, OutsideServer } from './outside-server.ts';
export { ownPart } from './own-part.ts';
export {
  completePending,
  findPendingFor,
  findUnwritten,
  forgetPending,
  keepPending,
  keyOf,
  listPending,
  noteWritten,
  type PendingRequest,
} from './pending-requests.ts';
export {
  checkKit,
  checkRecoveryCode,
  type EscrowProof,
  openLeft,
  type Recovery,
  recoverRepository,
} from './recover-node.ts';
export { enrolAddress, rejoinNode, renewLate, renewNode } from './renewal.ts';
export { allKeys, escrowsIn, type KeptKey } from './repository-keys.ts';
export {
  localRepository,
  type OpenRepositoryOptions,
  openRepositoryAt,
  type RepositoryLocation,
  randomPassword,
  remoteRepository,
} from './repository-location.ts';
export {
  keyKinds,
  parseDraft,
  parseFriendlyName,
  parseKeyKind,
  parseSubject,
  type RequestDraft,
  type RequestFields,
} from './request-draft.ts';
export {
  type Account,
  accountCommand,
  findAccount,
  handOver,
  makeAccount,
} from './service/service-account.ts';
export { noServiceManager, ServiceManager, type ServiceState } from './service/service-manager.ts';
export {
  cronLine,
  openrcScript,
  type Service,
  type ServiceJob,
  serviceJobs,
  serviceName,
  systemdUnit,
} from './service/service-unit.ts';
export { findAgent, holdAgent } from './sets/agent-lock.ts';
export { checkOwn, findSet, type RefusedSet, readAllSets, readSets } from './sets/all-sets.ts';
export { ownZone, sentSetId } from './sets/allowed-set.ts';
export {
  type BackupSet,
  checkSetName,
  liveTag,
  type MachineSet,
  newSetId,
  type SetChoices,
  setTag,
} from './sets/backup-set.ts';
export { surroundings, whatKeeps } from './sets/conditions.ts';
export { forgetSet } from './sets/forget-set.ts';
export { checkHook, defaultHookLimitMs, hasSucceeded, hookFailed, runHook } from './sets/hooks.ts';
export { keepRuleForm, owesPrune, parseKeepRule } from './sets/keep-rule.ts';
export { Reporter } from './sets/reporter.ts';
export { keepSentSets, readSentSets, refuseSet } from './sets/sent-set-file.ts';
export {
  beginAttempt,
  type HookRun,
  keepSetAttempt,
  readAttempts,
  resultOf,
  type SetAttempt,
  type SetOutcome,
  type Unrecorded,
  withNewest,
} from './sets/set-attempts.ts';
export { changeSets, setNamed } from './sets/set-file.ts';
export { SetRunner } from './sets/set-runner.ts';
export { setStates, stateOf } from './sets/set-state.ts';
export { openSetSpool } from './spool/spool.ts';
export {
  countWaiting,
  forgetSpool,
  keepSpoolState,
  readSpoolState,
  readWaiting,
  type SpoolState,
  spoolDirectory,
} from './spool/spool-state.ts';
export { connectStorage, StorageConnection } from './storage/storage-connection.ts';
export { ViewLine } from './storage/view-line.ts';
export { takeOutsideToken, takeToken } from './take-token.ts';
export { installCommand, mayInstall } from './update/installation.ts';
export { askForRelease, type Offered } from './update/offered-release.ts';
export { SelfUpdate } from './update/self-update.ts';
export { downloadUpdate, installUpdate, planUpdate, type Update } from './update/update.ts';
