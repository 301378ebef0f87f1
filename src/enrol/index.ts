/**
 * How a machine becomes a node and stays one: the join code, the messages, and the client's side of the conversation.
 *
 * What the folder promises: a join code's secret is sent only to a server that has proved, on a connection of its own,
 * to be of the code's network; private keys never leave the keystore they were made in; nothing of an answer is kept
 * before all of it was checked; and every step can be repeated after a crash.
 */

export {
  AgentReport,
  agentPaths,
  dueGraceMs,
  maxReportBytes,
  maxReportedSets,
  maxReportedText,
  type ReportedSet,
  sendReport,
} from './agent-report.ts';
export {
  Checkpoint,
  checkpointHeader,
  claimedCheckpoint,
  encodeCheckpointHeader,
  readCheckpointHeader,
  SignedCheckpoint,
  signCheckpoint,
  verifyCheckpoint,
} from './checkpoint.ts';
export {
  askTickets,
  createNodeRequest,
  type Enrolment,
  PendingKey,
  readEnrolment,
  renew,
} from './enrolment.ts';
export { fetchRootCrl, fetchTrust, type RootCrlAnswer } from './fetch-trust.ts';
export {
  fetchGrants,
  Grants,
  type GrantToSeal,
  grantPaths,
  leaveSealedGrant,
  type ReceivedGrant,
  SealedGrant,
} from './grants.ts';
export {
  bundleByFingerprint,
  bundleByRoot,
  followRequest,
  maxSubmissionBytes,
  RequestAnswer,
  RequestHandle,
  type RequestServer,
  RequestState,
  requestPaths,
  SubmitRequest,
  submitRequest,
} from './hand-in-request.ts';
export { hasJoinedBy, join } from './join.ts';
export {
  encodeJoinCode,
  isEnrolAddress,
  type JoinCode,
  joinCodeFor,
  joinSecretBytes,
  parseJoinCode,
} from './join-code.ts';
export {
  EnrolmentAnswer,
  EscrowPage,
  EscrowRequest,
  enrolPaths,
  isMessage,
  JoinRequest,
  maxMessageBytes,
  parseMessage,
  Refusal,
  RenewRequest,
  TicketAnswer,
  TicketRequest,
} from './message.ts';
export {
  askNetworkView,
  certificateTag,
  fetchStorageNodes,
  type NetworkView,
  SignedNetworkView,
  type StorageNodeAddresses,
  StorageNodes,
  StorageReport,
  sendStorageReport,
  signNetworkView,
  type ToldView,
  verifyNetworkView,
  viewPaths,
} from './network-view.ts';
export {
  askOrders,
  type HeardOrders,
  JobOrder,
  JobOutcome,
  JobReport,
  maxOpenJobs,
  type OpenJob,
  Orders,
  orderPaths,
  reportJob,
  type ToldOrders,
} from './orders.ts';
export { namedPackage } from './package-name.ts';
export {
  type EscrowFingerprint,
  escrowFingerprint,
  fetchEscrow,
  type KitEscrow,
  kitEscrowLine,
  kitEscrows,
  leaveEscrow,
  maxKitLength,
  needsPassphrase,
  openRecoveryKit,
  parseEscrowFingerprint,
  type RecoveryKit,
  type SealedPassword,
  unsealWithKit,
} from './recovery-kit.ts';
export {
  claimedManifest,
  fetchRelease,
  maxReleaseFileBytes,
  notTrusted,
  ReleaseFile,
  type ReleaseKind,
  type ReleaseManifest,
  releaseFilesSchema,
  releasePaths,
  releaseUri,
  SignedRelease,
  signRelease,
  type VerifiedRelease,
  verifyRelease,
} from './release.ts';
export { fetchRemovedSnapshots, RemovedSnapshots, removedSnapshotsPath } from './removed-snapshots.ts';
export { maxSentSetLength, maxSentSets, SentSet, SentSetChoices, SentSetName } from './sent-set.ts';
