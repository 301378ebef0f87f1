/**
 * The restic engine: repositories that any restic client reads and writes, and nothing of ours beside them. A store holds
 * encrypted files; this folder knows what is in them. `format/` is the format alone, bytes to values and back;
 * `kernel/` what must be fast; `archive/`, `restore/`, `check/` and `drill/` are what one does with a repository.
 */

export { archive } from './archive/archive.ts';
export type {
  ArchiveOptions,
  ArchiveSummary,
  BareReason,
  SavedStream,
  SinceSnapshot,
} from './archive/archive-options.ts';
export { type CheckSummary, check } from './check/check.ts';
export { type CopySummary, copySnapshots } from './copy/copy-snapshots.ts';
export { type DiffStatistics, diffTrees, type TreeChange } from './diff-trees.ts';
export { type DrillOptions, type DrillSummary, drill } from './drill/drill.ts';
export { readContentInOrder } from './dump/read-content.ts';
export { tarFolder } from './dump/tar-folder.ts';
export { zipFolder } from './dump/zip-folder.ts';
export type { Found } from './find/find-files.ts';
export { type FoundBlob, findById, type IdKind } from './find/id-search.ts';
export { findByName } from './find/name-search.ts';
export { type ForgetSummary, forget } from './forget/forget.ts';
export { describeGroup, type GroupField, groupBy, groupFields } from './forget/group-snapshots.ts';
export { type KeepPolicy, parseSpan, type Span, spanForm } from './forget/keep-policy.ts';
export type { Polynomial } from './format/config.ts';
export { randomPasswordCost } from './format/key-file.ts';
export { snapshotTime } from './format/snapshot.ts';
export { permissionsOf, type TreeNode } from './format/tree-node.ts';
export { encodeMasterKey, type MasterKey, parseMasterKey } from './format/unit.ts';
export { initRepository } from './init-repository.ts';
export { listSnapshot } from './list-snapshot.ts';
export { nodeAtPath } from './node-at-path.ts';
export { openRepository } from './open-repository.ts';
export { PartReader } from './part-reader.ts';
export {
  addPasswordKey,
  listPasswordKeys,
  type PasswordKey,
  type PasswordKeys,
} from './password-keys.ts';
export type { PruneRules } from './prune/plan-prune.ts';
export { type PruneSummary, prune } from './prune/prune.ts';
export { type RepairIndexSummary, repairIndex } from './repair-index.ts';
export type { Repository } from './repository.ts';
export { type OverwriteMode, overwriteModes } from './restore/overwrite.ts';
export { type PlannedDeed, planRestore } from './restore/plan-restore.ts';
export { type RestoreOptions, type RestoreSummary, restore } from './restore/restore.ts';
export { type VerifySummary, verify } from './restore/verify.ts';
export {
  type RepairedSnapshot,
  type RepairSnapshotsSummary,
  repairSnapshots,
} from './rewrite/repair-snapshots.ts';
export { type RewrittenSnapshot, type TagChange, tagSnapshots } from './rewrite/tag-snapshots.ts';
export type { RepairedPath } from './rewrite/tree-repair.ts';
export { describeFilter, type SnapshotFilter } from './snapshot-filter.ts';
export { openSpool } from './spool/open-spool.ts';
export { clearSpool, sendSpool, type Unsendable } from './spool/send-spool.ts';
export { thinSpool } from './spool/thin-spool.ts';
export { type StatsCount, type StatsMode, snapshotStats, statsModes } from './stats/snapshot-stats.ts';
export { type SnapshotListOptions, type StoredSnapshot } from './stored-snapshots.ts';
export { thisMachine } from './this-machine.ts';
