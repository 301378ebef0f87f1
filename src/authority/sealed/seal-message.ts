import { type Bytes, Secret } from '../../base/index.ts';
import type { WorkerError } from '../../db/index.ts';
import type { BackupLock, BackupManifest, PartName } from './backup-format.ts';

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

/** The lock of a message. */
export function lockOf({ lock }: SealMessage): BackupLock {
  return 'password' in lock
    ? { kind: 'password', password: new Secret(lock.password) }
    : { kind: 'recovery key', recipient: lock.recipient };
}
