/**
 * Backups of the authority: made when they are due or asked for, kept on record, and tried out.
 */

export {
  type BackingUp,
  type BackupPlace,
  noUpkeepSettings,
  placeName,
  type UpkeepSettings,
} from './backing-up.ts';
export { checkBackupFile } from './backup-file.ts';
export { Backups, type HeldBackup } from './backups.ts';
export { type BackupRecord, readBackups } from './recorded-backups.ts';
