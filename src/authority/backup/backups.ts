import type { AuthorityContext } from '../authority-context.ts';
import { checkStanding } from '../standing.ts';
import type { BackupLock } from './backup-key.ts';
import { type BackupRecord, readBackups, recordBackup } from './backup-records.ts';
import { exportPkcs12, type Pkcs12Backup, type Pkcs12Order } from './p12.ts';
import { retire, unretire } from './retirement.ts';
import { type BackupOrder, type WrittenBackup, writeBackup } from './write-backup.ts';

/** A backup into a file, as it is asked for. */
export interface BackupFileOrder {
  /** Absolute. */
  readonly path: string;
  /** What opens it; the recovery key unless said. */
  readonly lock?: BackupLock;
  /** Replace a file that is there. */
  readonly force?: boolean;
  /** Who asked, for the log. */
  readonly by: string;
}

/** Backups of the authority, one at a time. */
export class Backups {
  readonly #context: AuthorityContext;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(context: AuthorityContext) {
    this.#context = context;
  }

  /** Whether one is being written. */
  get busy(): boolean {
    return this.#waiting > 0;
  }

  /**
   * Writes a backup of this moment and records it; see {@link writeBackup} for errors.
   * @throws HoldfastError as `checkStanding` too: a copy that may not work is not what somebody needs one day
   */
  write(order: BackupFileOrder): Promise<WrittenBackup> {
    return this.#inTurn(async () => {
      checkStanding(this.#context);
      return await this.#writeAndRecord(order);
    });
  }

  /**
   * Retires this authority and writes the backup that goes on elsewhere: nothing is issued between the two. When the
   * backup cannot be written, the authority is at work again. Errors: as {@link Backups.write}
   */
  move(order: BackupFileOrder): Promise<WrittenBackup> {
    return this.#inTurn(async () => {
      checkStanding(this.#context);
      await retire(this.#context, order);
      try {
        return await writeBackup(this.#context, this.#complete(order));
      } catch (error) {
        await unretire(this.#context, { by: order.by, reason: 'the backup could not be written' });
        throw error;
      }
    });
  }

  /** Puts an authority that was moved away to work again. @throws HoldfastError `usage` when it was not */
  undoMove(order: { readonly by: string; readonly reason: string }): Promise<void> {
    return this.#inTurn(() => unretire(this.#context, order));
  }

  /** The keys that are here and all certificates as PKCS#12. Errors: see {@link exportPkcs12} */
  pkcs12(order: Pkcs12Order): Promise<Pkcs12Backup> {
    return exportPkcs12(this.#context, order);
  }

  /** Every backup on record, the newest first. */
  list(): Promise<BackupRecord[]> {
    return readBackups(this.#context.database);
  }

  async #writeAndRecord(order: BackupFileOrder): Promise<WrittenBackup> {
    const complete = this.#complete(order);
    const written = await writeBackup(this.#context, complete);
    await recordBackup(this.#context, { ...complete, by: order.by, written });
    return written;
  }

  #complete({ path, lock, force = false }: BackupFileOrder): BackupOrder {
    const recipient = this.#context.recoveryRecipient;
    return { path, force, lock: lock ?? { kind: 'recovery key', recipient } };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    const result = this.#last.then(work).finally(() => {
      this.#waiting -= 1;
    });
    this.#last = result.catch(() => undefined);
    return result;
  }
}
