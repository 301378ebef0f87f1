/**
 * The nodes of a network, as they are seen: who there is, when each came last and how, what came of it last.
 *
 * What the room promises: who is seen is no decision, and the log knows nothing of it: a restored authority knows what its
 * backup knew, and learns the rest again from whoever comes. What a client may is decided, and in the log.
 */
export { Activity, type ClientActs, type ClientUsage } from './activity.ts';
export { type ClientBounds, Clients, noQuota } from './clients.ts';
export { type Grant, Grants } from './grants.ts';
export { type Job, Jobs } from './jobs.ts';
export type { Arrival, JudgedReport, JudgedSet } from './judge-report.ts';
export { type ClientReport, Nodes, type Sighting } from './nodes.ts';
export { type ReplicationEntry, type ReplicationRule, Replications } from './replications.ts';
export { type ScheduleEntry, Schedules } from './schedules.ts';
export { type SentSetEntry, SentSets } from './sent-sets.ts';
export { type StorageNode, StorageNodes } from './storage-nodes.ts';
