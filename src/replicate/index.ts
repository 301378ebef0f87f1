/**
 * Copies of repositories, and stores that are read through, without any key: every object but the config is named by the
 * SHA-256 of its bytes, so that whoever holds it can say whether it is good. A copy is a valid repository at every moment, what is
 * damaged never becomes part of one, and what is damaged here is healed from one. Knows two stores and a database of its own, and
 * neither networks nor machines.
 */
export { chooseNodes } from './choose-nodes.ts';
export { type CopyOptions, type CopyRound, copyRepository } from './copy-repository.ts';
export { type HealSource, mendObjects, type ScrubbedRepository } from './heal.ts';
export { openReplica } from './open-replica.ts';
export type { CopyRow } from './records/copies.ts';
export { ReplicateRecords } from './records/replicate-records.ts';
export { defaultScrubPeriodMs, healWaiting, type ScrubOptions, scrubStore } from './scrub.ts';
