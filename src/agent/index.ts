/**
 * A client's work: being a node of a network, staying one, and reaching repositories. The agent keeps what a node
 * needs between runs (identity, trust, repository keys, exports) and brings it up to date whenever it dials.
 * It knows nothing of a command line and prints nothing.
 */
export { type ApprovedRequest, adoptEnrolment, canAdopt } from './adopt-enrolment.ts';
export {
  attemptState,
  type BackupAttempt,
  type BackupOutcome,
  type BackupRecord,
  keepAttempt,
  newAttempt,
  readBackupRecords,
  serverPlace,
} from './backup-record.ts';
export { Connection, connectNode, type PlaceRequest } from './connection.ts';
export { keepDamagedPacks, readDamagedPacks } from './damaged-packs.ts';
export {
  type ExportLayout,
  exportPem,
  exportRestic,
  exportSesam,
  forgetExport,
  rewriteExports,
} from './export-certificate.ts';
export { joinNetwork } from './join-network.ts';
export { enrolAddress, renewLate, type WaitingRenewal } from './late-renewal.ts';
export { findSetBack, missedWords, noteBackup } from './made-snapshots.ts';
export { findKeystore, type Node, openNode, openOrCreateKeystore } from './node.ts';
export { type NodeState, readNodeState } from './node-state.ts';
export {
  adoptEscrowed,
  type EscrowedRepository,
  type EscrowProof,
  type OpenEscrowedOptions,
  openEscrowed,
} from './open-escrowed.ts';
export {
  completePending,
  findOwnCertificate,
  findPending,
  findPendingFor,
  forgetPending,
  keepPending,
  keyOf,
  listPending,
  noteSubmitted,
  type OwnCertificate,
  type PendingRequest,
  type SubmittedRequest,
} from './pending-requests.ts';
export {
  localPlace,
  type OpenPlaceOptions,
  openRepositoryAt,
  type Place,
  randomPassword,
} from './place.ts';
export { type RenewalOptions, rejoinNode, renewNode } from './renewal.ts';
export { allKeys, escrowsIn, type KeptKey } from './repository-keys.ts';
