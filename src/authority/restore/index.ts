/**
 * From a backup, or from keys alone, to an authority: put in place whole, and brought to what its mirrors know before it works.
 */

export type { CaughtUp } from './catch-up.ts';
export { restoreAuthority, resumeRestore } from './restore-authority.ts';
export { backedUpNodes, openKeys, openRestoreSource, type RestoreSource } from './restore-source.ts';
