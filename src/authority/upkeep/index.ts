/**
 * What keeps an authority going while it runs, and what is to be said of how it is.
 */
export { type AuthorityStatus, type CertificateStatus, readStatus } from './authority-status.ts';
export type { Upkeep } from './custody-warnings.ts';
export { maintain } from './maintenance.ts';
