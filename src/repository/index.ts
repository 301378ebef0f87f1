/**
 * The restic engine: repositories that any restic client reads and writes, and nothing of ours beside them. A store holds
 * encrypted files; this folder knows what is in them. `format/` is the format alone, bytes to values and back;
 * `kernel/` what must be fast; `archive/`, `restore/` and `check/` are what one does with a repository.
 */

export { archive } from './archive/archive.ts';
export type {
  ArchiveOptions,
  ArchiveProgress,
  ArchiveSummary,
  BareReason,
} from './archive/archive-options.ts';
export { type CheckOptions, type CheckProgress, type CheckSummary, check } from './check/check.ts';
export type { CheckProblem, CheckSubject } from './check/check-report.ts';
export type { BlobId, BlobType, PackContents, PackedBlob } from './format/blob.ts';
export { type NodeType, permissionsOf } from './format/file-mode.ts';
export { encodeMasterKey, type MasterKey, parseMasterKey } from './format/master-key.ts';
export { randomPasswordCost, type ScryptCost } from './format/scrypt.ts';
export { snapshotTime } from './format/snapshot.ts';
export type { SnapshotSummary } from './format/snapshot-summary.ts';
export type { TreeNode } from './format/tree-node.ts';
export { type InitOptions, initRepository } from './init-repository.ts';
export { type ListedNode, type ListOptions, listSnapshot } from './list-snapshot.ts';
export { type OpenOptions, openRepository, type RepositoryKey } from './open-repository.ts';
export { type RepairIndexOptions, type RepairIndexSummary, repairIndex } from './repair-index.ts';
export type { DamageListener, Repository } from './repository.ts';
export type { LockOptions, RepositoryLock } from './repository-lock.ts';
export { restore } from './restore/restore.ts';
export type {
  RestoreOptions,
  RestoreProblem,
  RestoreProgress,
  RestoreSummary,
} from './restore/restore-options.ts';
export { verify } from './restore/verify.ts';
export type { VerifyOptions, VerifySummary } from './restore/verify-options.ts';
export {
  describeFilter,
  matchesFilter,
  type SnapshotFilter,
  type SnapshotListOptions,
} from './snapshot-list.ts';
export type { StoredSnapshot } from './stored-snapshot.ts';
export { thisMachine } from './this-machine.ts';
