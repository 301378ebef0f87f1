/**
 * Backups of the authority: made when they are due or asked for, kept on record, and tried out.
 */
export { checkBackupFile } from './backup-file.ts';
export { type BackupPlace, placeName } from './backup-place.ts';
export { Backups } from './backups.ts';
export { type BackingUp, type Care, noCare } from './care.ts';
export { type BackupRecord, readBackups } from './recorded-backups.ts';
