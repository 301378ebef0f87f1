/**
 * An async API over databases that knows no domain: the folders that own tables bring their migrations. What a resolved
 * call has changed is on the disk, and transactions run one after the other, whatever kind of database it is; what each
 * kind does in its own way is in a folder of its own, under the same names.
 * Also a lock between processes that a kill -9 frees, which is a database too.
 */

export { copyTables } from './copy-tables.ts';
export type { Database, Queries, Reads, SqlValue } from './database.ts';
export type { Migration } from './migrate.ts';
export { type DatabaseLocation, openDatabase } from './open-database.ts';
export { CommittedReader, foldLog } from './sqlite/connection.ts';
export { acquireProcessLock, type ProcessLock } from './sqlite/process-lock.ts';
export { snapshotDatabase } from './sqlite/worker-connection.ts';
export { flattenError, restoreError, type WorkerError } from './sqlite/worker-message.ts';
