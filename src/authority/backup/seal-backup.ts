import { Worker } from 'node:worker_threads';
import { workerEntry } from '../../base/index.ts';
import { restoreError } from '../../db/index.ts';
import type { SealAnswer, SealedBackup, SealMessage, SealOrder } from './seal-message.ts';

/**
 * Writes an encrypted backup to a file that is not there yet, for its owner alone, syncs it, and reads all of it back.
 * It is done in a thread of its own, which reads, hashes and encrypts at about 150 MB/s, holding some pieces of 256 KiB;
 * a file whose writing failed is the caller's to remove.
 *
 * @throws HoldfastError `backup_damaged` when what is read back is not what was written, `storage_full`
 */
export async function sealBackup({ lock, ...order }: SealOrder): Promise<SealedBackup> {
  const opened =
    lock.kind === 'password' ? { password: lock.password.reveal() } : { recipient: lock.recipient };
  const workerData: SealMessage = { ...order, lock: opened };
  const worker = new Worker(workerEntry(import.meta.url, './seal-worker'), { workerData });
  try {
    const answer = await new Promise<SealAnswer>((resolve, reject) => {
      worker.once('message', resolve).once('error', reject);
      worker.once('exit', () => reject(new Error('the thread that writes the backup has ended')));
    });
    if ('error' in answer) throw restoreError(answer.error);
    return answer;
  } finally {
    await worker.terminate();
  }
}
