import { Worker } from 'node:worker_threads';
import { workerEntry } from '../../base/index.ts';
import { createPrivateFile } from './connection.ts';
import { restoreError, type SnapshotOrder, type WorkerAnswer } from './worker-message.ts';

/**
 * Copies what is committed in a database at one moment, in a thread of its own: whoever writes goes on meanwhile, and
 * memory does not grow with the size. The copy holds nothing that was deleted. A target of a copy that failed is the
 * caller's to remove. Errors: `storage_full`, `storage_failed`, `database_damaged`.
 */
export async function snapshotDatabase(order: SnapshotOrder): Promise<void> {
  createPrivateFile(order.target);
  const worker = new Worker(workerEntry(import.meta.url, './snapshot-worker'), { workerData: order });
  try {
    const answer = await new Promise<WorkerAnswer>((resolve, reject) => {
      worker.once('message', resolve).once('error', reject);
      worker.once('exit', () => reject(new Error('the thread that copies the database has ended')));
    });
    if (answer.error !== undefined) throw restoreError(answer.error);
  } finally {
    await worker.terminate();
  }
}
