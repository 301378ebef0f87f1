/**
 * From a home to an authority that is open, and from nothing to a home that has one.
 *
 * What the room promises: there is one writer for each home; and a crash leaves an authority that is whole, or none.
 */
export { type Archive, archiveAuthority } from './archive-authority.ts';
export {
  authorityExists,
  buildAuthority,
  finishBuilding,
  hasAuthority,
  lockHome,
  unfinishedBuildings,
} from './build-authority.ts';
export { createAuthority } from './create-authority.ts';
export { migrateRecords } from './migrate-records.ts';
export { type Looks, openAuthority } from './open-authority.ts';
export { Roster } from './open-roster.ts';
export {
  authorityWaiting,
  beginWaiting,
  openWaitingKey,
  readWaiting,
  type WaitingAuthority,
} from './waiting-authority.ts';
