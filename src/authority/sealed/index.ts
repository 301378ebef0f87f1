/**
 * The file of a backup: what it says of itself, how it is encrypted, written, read back and unpacked.
 *
 * What the room promises: a backup is whole and was read back, or there is none; nothing of it is unpacked that is not what
 * it says; and its parts are never in the clear beside it.
 */
export { type BackupKey, type BackupLock, BackupManifest, notHeld } from './backup-format.ts';
export { backupDamaged, backupForeign, type SealedKind, sealedKind } from './open-sealed.ts';
export { gather, readBackup, unpackBackup, unpackDatabase } from './read-backup.ts';
export {
  HeldFiles,
  removeLeftSnapshots,
  type Sealing,
  sealSnapshot,
  sha256Of,
  type WrittenBackup,
  withSnapshotFile,
  writeBackup,
} from './write-backup.ts';
