/**
 * An async API over SQLite that knows no domain: the folders that own tables bring their migrations. What a resolved
 * call has changed is on the disk, transactions run one after the other, and a thread of its own can do the waiting.
 * Also a lock between processes that a kill -9 frees, which is a database too.
 */
export { CommittedReader } from './committed-reader.ts';
export type { Database, Queries, Row, SqlValue } from './database.ts';
export type { Migration } from './migrate.ts';
export { type DatabaseOptions, openDatabase } from './open-database.ts';
export { acquireProcessLock, type ProcessLock, type ProcessLockHolder } from './process-lock.ts';
export { snapshotDatabase } from './snapshot-database.ts';
export type { SnapshotOrder } from './snapshot-order.ts';
export { flattenError, restoreError, type WorkerError } from './worker-message.ts';
