/**
 * The one log: append-only, each record with the hash of the one before it, numbered in the transaction of what it records.
 *
 * What the room promises: a record that is there stays as it is and where it is; what the tables hold can be held against
 * it, in both directions; and nobody fills it by being refused again and again.
 */
export { AuditLog, type Recording } from './audit-log.ts';
export { Follower, type FollowerOptions } from './follower.ts';
export { kinds } from './kinds/index.ts';
export type { Decision, DetailsOf, Learnt, LogKind } from './log-kind.ts';
export {
  decisionIn,
  hashRecord,
  kindOf,
  type LogHead,
  type LogKindName,
  type LogRecord,
  logKinds,
  logStart,
  parseRecord,
  type RecordNamed,
  recordTime,
} from './log-record.ts';
export { RefusalCounter, RepeatedRefusals } from './refusals.ts';
export {
  type LogFilter,
  type LogPage,
  type RefusedPeer,
  recordsWith,
  refusalsByCause,
  refusedPeers,
  searchLog,
  triedByPeers,
} from './search-log.ts';
