/**
 * The file of a backup: what it says of itself, how it is encrypted, written, read back and unpacked.
 *
 * What the room promises: a backup is whole and was read back, or there is none; nothing of it is unpacked that is not what
 * it says; and its parts are never in the clear beside it.
 */
export type { BackupKey, BackupLock } from './backup-key.ts';
export { BackupManifest, notHeld } from './backup-manifest.ts';
export { backupDamaged, type SealedKind, sealedKind } from './open-sealed.ts';
export { readBackup } from './read-backup.ts';
export { removeLeftSnapshots, sha256Of, withSnapshotFile } from './snapshot-files.ts';
export { gather, unpackBackup, unpackDatabase } from './unpack-backup.ts';
export {
  type BackupOrder,
  type Sealing,
  sealSnapshot,
  type WrittenBackup,
  writeBackup,
} from './write-backup.ts';
