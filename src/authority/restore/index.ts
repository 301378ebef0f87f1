/**
 * From a backup, or from keys alone, to an authority: put in place whole, and brought to what its mirrors know before it works.
 */
export { backedUpNodes } from './backed-up-nodes.ts';
export type { CaughtUp } from './catch-up.ts';
export { type AuthorityKeys, readAuthorityPkcs12 } from './read-p12.ts';
export { type BackupContents, inspectBackup, restoreAuthority, resumeRestore } from './restore-authority.ts';
export { restorePkcs12 } from './restore-p12.ts';
