import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { namedSqliteError } from './error.ts';
import { flattenError, type SnapshotOrder, type WorkerAnswer } from './worker-message.ts';

/** The entry point of the thread that copies a database: one order, one answer. */
const port = parentPort;
if (port === null) throw new TypeError('snapshot-worker runs as a worker thread');
port.postMessage(answer(workerData as SnapshotOrder));

function answer({ path, target }: SnapshotOrder): WorkerAnswer {
  try {
    copy(path, target);
    return { id: 0 };
  } catch (error) {
    return { id: 0, error: flattenError(namedSqliteError(error, path)) };
  }
}

/** VACUUM INTO reads within one transaction: a moment of the database, which writers do not wait for. */
function copy(path: string, target: string): void {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    database.prepare('VACUUM INTO ?').run(target);
  } finally {
    database.close();
  }
}
