import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Log,
  type LogFields,
  minuteMs,
  syncDirectory,
  systemErrorCode,
  writeFileAtomic,
} from '../../base/index.ts';
import {
  type BackupKey,
  type BackupLock,
  type BackupOrder,
  type WrittenBackup,
  writeBackup,
} from '../sealed/index.ts';
import { checkStanding, retire, unretire } from '../standing/index.ts';
import { type BackingUp, placeName } from './backing-up.ts';
import {
  backUpTo,
  exportPkcs12,
  type Pkcs12Backup,
  type Pkcs12Order,
  type PlacedBackup,
  type PlaceOrder,
  withBackupFile,
} from './backup-file.ts';
import {
  type BackupRecord,
  readBackups,
  recordBackup,
  recordedBackup,
  recordRehearsal,
  refuseEmptied,
} from './recorded-backups.ts';
import { type Rehearsal, rehearse } from './rehearse.ts';

/** A backup into a file, as it is asked for. */
interface BackupFileOrder {
  /** Absolute. */
  readonly path: string;
  /** What opens it; the recovery key unless said. */
  readonly lock?: BackupLock;
  /** Replace a file that is there. */
  readonly force?: boolean;
  /** Who asked, for the log. */
  readonly by: string;
}

/** A backup under a name of its own, as it is asked for. */
type PlaceWords = Omit<PlaceOrder, 'lock'> & {
  readonly lock?: BackupLock;
  /** Nobody asks for it: a place that has lost what it had is none to begin at. */
  readonly unattended?: boolean;
};

/** Which backup is tried, and who asks. */
interface RehearsalWords {
  /** Absolute; the newest on record unless said. */
  readonly path?: string;
  /** Without one, only its outside is looked at. */
  readonly key?: BackupKey;
  readonly by: string;
}

/** How the rehearsal of a backup went. */
type NamedRehearsal = Rehearsal & { readonly name: string };

const retryAfterMs = 10 * minuteMs;

/** Backups of the authority, one at a time. */
export class Backups {
  readonly #context: BackingUp;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  /** After a scheduled one that failed: when it is tried again. */
  #notBeforeMs = 0;

  constructor(context: BackingUp) {
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
   * backup cannot be written, the authority is at work again. One that was cut short goes on. Errors: as {@link Backups.write}
   */
  move(order: BackupFileOrder): Promise<WrittenBackup> {
    return this.#inTurn(async () => {
      const unfinished = await this.#leave(order);
      const force = order.force === true || unfinished === order.path;
      try {
        const written = await writeBackup(this.#context, this.#complete({ ...order, force }));
        await forgetMove(this.#context.directory);
        return written;
      } catch (error) {
        await this.#stay({ by: order.by, reason: 'the backup could not be written' });
        throw error;
      }
    });
  }

  /** Retires, unless a move that was cut short did so already: then the file is given that it was to write. */
  async #leave(order: BackupFileOrder): Promise<string | undefined> {
    const { directory, present, keystore, issuer } = this.#context;
    const unfinished = await unfinishedMove(directory);
    if (present.state.standing === 'retired' && unfinished !== undefined) return unfinished;
    checkStanding(this.#context);
    await noteMove(directory, order.path);
    await retire(this.#context, { ...order, holdsRoot: keystore.has(issuer.root.label) });
    return undefined;
  }

  async #stay(order: { readonly by: string; readonly reason: string }): Promise<void> {
    await unretire(this.#context, order);
    await forgetMove(this.#context.directory);
  }

  /** Puts an authority that was moved away to work again. @throws HoldfastError `usage` when it was not */
  undoMove(order: { readonly by: string; readonly reason: string }): Promise<void> {
    return this.#inTurn(() => this.#stay(order));
  }

  /** The keys that are here and all certificates as PKCS#12. Errors: see {@link exportPkcs12} */
  pkcs12(order: Pkcs12Order): Promise<Pkcs12Backup> {
    return exportPkcs12(this.#context, order);
  }

  /** Writes a backup of this moment under a name of its own; see {@link backUpTo}. */
  writeTo({ unattended = false, lock, ...order }: PlaceWords): Promise<PlacedBackup> {
    return this.#inTurn(async () => {
      checkStanding(this.#context);
      if (unattended) await refuseEmptied(this.#context, order.place);
      const recipient = this.#context.recoveryRecipient;
      const chosen = lock ?? { kind: 'recovery key', recipient };
      return await backUpTo(this.#context, { ...order, lock: chosen });
    });
  }

  /**
   * Tries a backup as if it were needed, the newest on record unless a file is named, and records how it went.
   * @throws HoldfastError `object_not_found` when there is none
   */
  rehearse({ path, key, by }: RehearsalWords): Promise<NamedRehearsal> {
    return this.#inTurn(() =>
      withBackupFile(this.#context, path, async (file, name) => {
        const recorded = await recordedBackup(this.#context.records, name);
        const rehearsal = await rehearse(this.#context, { path: file, key, ...recorded });
        await recordRehearsal(this.#context, { path: name, by, rehearsal });
        return { name, ...rehearsal };
      }),
    );
  }

  /**
   * Begins the backup that the settings ask for when it is due. What goes wrong is said in `log`, and tried again a while
   * later.
   */
  async makeDue(log: Log): Promise<void> {
    const { upkeep, clock, records } = this.#context;
    await this.#rehearseDue(log);
    if (upkeep.backups === undefined || this.busy || clock.now() < this.#notBeforeMs) return;
    const { place, keep, everyMs } = upkeep.backups;
    const { made } = await records.backups.lastTimes(placeName(place));
    if (this.busy || clock.now() - (made ?? 0) < everyMs) return;
    this.writeTo({ place, keep, by: 'authority', unattended: true }).then(
      ({ name, bytes }) => log.info('the authority was backed up', { place: placeName(place), name, bytes }),
      (error: unknown) => {
        this.#notBeforeMs = clock.now() + retryAfterMs;
        log.error('the authority could not be backed up', { place: placeName(place), error });
      },
    );
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await this.#last;
  }

  /** Every backup on record, the newest first. */
  list(): Promise<BackupRecord[]> {
    return readBackups(this.#context.records);
  }

  async #writeAndRecord(order: BackupFileOrder): Promise<WrittenBackup> {
    const complete = this.#complete(order);
    const written = await writeBackup(this.#context, complete);
    await recordBackup(this.#context, { ...complete, by: order.by, written });
    return written;
  }

  /** Nobody is there to open it, so it is looked at from outside. */
  async #rehearseDue(log: Log): Promise<void> {
    const { upkeep, clock, records } = this.#context;
    if (upkeep.rehearseEveryMs === undefined || this.busy || clock.now() < this.#notBeforeMs) return;
    const { made, rehearsed } = await records.backups.lastTimes();
    if (made === null || this.busy || clock.now() - (rehearsed ?? 0) < upkeep.rehearseEveryMs) return;
    const failed = (fields: LogFields): void => {
      this.#notBeforeMs = clock.now() + retryAfterMs;
      log.error('the newest backup of the authority is not what it should be', fields);
    };
    this.rehearse({ by: 'authority' }).then(
      ({ good, name, steps }) =>
        good ? log.info('a backup was looked at', { name }) : failed({ name, steps }),
      (error: unknown) => failed({ error }),
    );
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

/** Keeps, in the directory of an authority, that it is about to be moved into the file at `path`. */
async function noteMove(directory: string, path: string): Promise<void> {
  await writeFileAtomic(notePath(directory), path);
}

/** The file that a move was to write which was cut short; undefined when none was. */
async function unfinishedMove(directory: string): Promise<string | undefined> {
  try {
    return await readFile(notePath(directory), 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The file is there, or nothing is to be moved. */
async function forgetMove(directory: string): Promise<void> {
  await rm(notePath(directory), { force: true });
  await syncDirectory(directory);
}

function notePath(directory: string): string {
  return join(directory, 'moving');
}
