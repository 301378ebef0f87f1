import { Worker } from 'node:worker_threads';
import { type Bytes, Secret, workerEntry } from '../../base/index.ts';
import { restoreError, type WorkerError } from '../../db/index.ts';
import type { BackupLock } from './backup-key.ts';
import type { BackupManifest, PartName } from './backup-manifest.ts';

/** A part of a backup, from a file or from memory. */
export interface PartSource {
  readonly name: PartName;
  readonly from: string | Bytes;
}

/** What is sealed, and where to. */
export interface SealOrder {
  readonly target: string;
  readonly about: Omit<BackupManifest, 'parts'>;
  readonly parts: readonly PartSource[];
  readonly lock: BackupLock;
}

/** A backup that was written and read back. */
export interface SealedBackup {
  readonly bytes: number;
  /** SHA-256 of the file, lowercase hexadecimal. */
  readonly sha256: string;
}

/** A {@link SealOrder} on its way to a thread: a structured clone keeps no `Secret`. */
export interface SealMessage extends Omit<SealOrder, 'lock'> {
  readonly lock: { readonly recipient: string } | { readonly password: string };
}

/** What the thread answers. */
export type SealAnswer = SealedBackup | { readonly error: WorkerError };

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

/** The lock of a message. */
export function lockOf({ lock }: SealMessage): BackupLock {
  return 'password' in lock
    ? { kind: 'password', password: new Secret(lock.password) }
    : { kind: 'recovery key', recipient: lock.recipient };
}
