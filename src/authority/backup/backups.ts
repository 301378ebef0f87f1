import { appendFile, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  type Bytes,
  HoldfastError,
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
  backupForeign,
  HeldFiles,
  sealedKind,
  sealSnapshot,
  type WrittenBackup,
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
  withNewestBackup,
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

/** A backup as it is asked for. */
interface BackupOrder {
  /** What opens it; the recovery key unless said. */
  readonly lock?: BackupLock | undefined;
  /** Who asked, for the log. */
  readonly by: string;
}

/** The backup into which an authority moves. */
interface MoveOrder extends BackupOrder {
  /** The file that whoever asked writes it to. */
  readonly to: string;
  /** Whether there is such a file: then nothing but a move into it that was cut short goes on. */
  readonly isThere: boolean;
}

/** A backup that is whole, and waits here for whoever asked for it. */
export interface HeldBackup {
  readonly id: string;
  readonly written: WrittenBackup;
}

/** What is known of a file that waits here. */
interface HeldAbout {
  /** Of a backup that was made; undefined for a file that is brought to be tried. */
  readonly made?: { readonly written: WrittenBackup; readonly lock: BackupLock; readonly moves: boolean };
}

/** A backup under a name of its own, as it is asked for; to the place of the settings unless one is said. */
type PlaceWords = Partial<Omit<PlaceOrder, 'by'>> & {
  readonly by: string;
  /** Nobody asks for it: a place that has lost what it had is none to begin at. */
  readonly unattended?: boolean;
};

/** Which backup is tried, and who asks. */
interface RehearsalWords {
  /** The handle of a file that was brought, and where whoever brought it has it; the newest on record unless said. */
  readonly file?: { readonly id: string; readonly path: string } | undefined;
  /** Without one, only its outside is looked at. */
  readonly key?: BackupKey | undefined;
  readonly by: string;
}

/** How the rehearsal of a backup went. */
type NamedRehearsal = Rehearsal & { readonly name: string };

const retryAfterMs = 10 * minuteMs;
/** How much of a file is given at once. */
const pieceBytes = 384 * 1024;

/** Backups of the authority, one at a time. */
export class Backups {
  readonly #context: BackingUp;
  readonly #held: HeldFiles<HeldAbout>;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  /** After a scheduled one that failed: when it is tried again. */
  #notBeforeMs = 0;

  constructor(context: BackingUp) {
    this.#context = context;
    this.#held = new HeldFiles(context.directory);
  }

  /** Whether one is being written, or an authority that moves waits until its file is where it goes. */
  get busy(): boolean {
    return this.#waiting > 0 || this.#held.about().some(({ made }) => made?.moves === true);
  }

  /**
   * Makes a backup of this moment, reads it back, and holds it until whoever asked has it: {@link Backups.piece} gives its
   * bytes, {@link Backups.keep} records where they are, {@link Backups.drop} does without.
   * @throws HoldfastError `rate_limited`, `storage_full`, `backup_damaged`, and as `checkStanding`: a copy that may not work is
   * not what somebody needs one day
   */
  make(order: BackupOrder): Promise<HeldBackup> {
    return this.#inTurn(async () => {
      checkStanding(this.#context);
      return await this.#seal(order, false);
    });
  }

  /**
   * Retires this authority and makes the backup that goes on elsewhere: nothing is issued between the two. When the backup
   * cannot be made, or is dropped, the authority is at work again. One that was cut short goes on. Errors: as
   * {@link Backups.make}, and `object_exists`
   */
  move(order: MoveOrder): Promise<HeldBackup> {
    return this.#inTurn(async () => {
      await this.#leave(order);
      try {
        return await this.#seal(order, true);
      } catch (error) {
        await this.#stay({ by: order.by, reason: notWritten });
        throw error;
      }
    });
  }

  /** Retires, unless a move that was cut short did so already. */
  async #leave(order: MoveOrder): Promise<void> {
    const { directory, present, keystore, issuer } = this.#context;
    const unfinished = await unfinishedMove(directory);
    const goesOn = present.state.standing === 'retired' && unfinished !== undefined;
    if (!goesOn) checkStanding(this.#context);
    if (order.isThere && !(goesOn && unfinished === order.to))
      throw new HoldfastError('object_exists', `there is a file at ${order.to} already`, {
        hint: 'nothing was changed; name a file that is not there',
      });
    await noteMove(directory, order.to);
    if (!goesOn)
      await retire(this.#context, {
        path: order.to,
        by: order.by,
        holdsRoot: keystore.has(issuer.root.label),
      });
  }

  async #seal({ lock = this.#lock, by }: BackupOrder, moves: boolean): Promise<HeldBackup> {
    let written: WrittenBackup | undefined;
    const id = await this.#held.hold(by, async (target) => {
      written = await sealSnapshot(this.#context, { target, lock });
      return { made: { written, lock, moves } };
    });
    if (written === undefined) throw new TypeError('nothing was sealed');
    return { id, written };
  }

  /** Some bytes of a backup that is held for `by`, from `offset` on; none behind its end. @throws HoldfastError `object_not_found` */
  async piece(id: string, offset: number, by: string): Promise<Bytes> {
    const { path } = this.#made(id, by);
    await using handle = await open(path, 'r');
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(pieceBytes), 0, pieceBytes, offset);
    return buffer.subarray(0, bytesRead);
  }

  /**
   * Records a backup that `by` has written to `path`, and holds it no longer; somebody on another machine says which, as
   * `at`, so that no path of his is ever taken for one of this machine. @throws HoldfastError `object_not_found`
   */
  async keep(
    id: string,
    { path, at, by }: { readonly path: string; readonly at?: string | undefined; readonly by: string },
  ): Promise<WrittenBackup & { readonly lock: BackupLock; readonly moved: boolean }> {
    const { written, lock, moves } = this.#made(id, by).about;
    if (moves) {
      if (this.#context.present.state.standing !== 'retired') throw undoneMeanwhile(path);
      await forgetMove(this.#context.directory);
    } else {
      const place = at === undefined ? dirname(path) : `${at}:${dirname(path)}`;
      await recordBackup(this.#context, { place, name: basename(path), lock, by, written });
    }
    await this.#held.drop(id, by);
    return { ...written, lock, moved: moves };
  }

  /** Holds a backup, or what was brought, no longer; an authority that was to move into it is at work again. */
  async drop(id: string, by: string): Promise<void> {
    const { about } = this.#held.find(id, by);
    if (about.made?.moves === true) await this.undoMove({ by, reason: notWritten });
    await this.#held.drop(id, by);
  }

  #made(id: string, by: string) {
    const { path, about } = this.#held.find(id, by);
    if (about.made === undefined) throw new HoldfastError('input_invalid', 'this file was brought, not made');
    return { path, about: about.made };
  }

  /**
   * Takes the next bytes of a file that is to be tried; gives its handle, which the first ones do without, and whether more of it
   * is of use: of what does not begin as a backup the beginning says all.
   * @throws HoldfastError `backup_foreign` for more of that, and beyond 16 GiB
   */
  async bring(
    piece: Bytes,
    { id, by }: { readonly id?: string | undefined; readonly by: string },
  ): Promise<{ readonly id: string; readonly wantsMore: boolean }> {
    const held = id ?? (await this.#held.hold(by, async (path) => await begin(path)));
    const { path, about } = this.#held.find(held, by);
    if (about.made !== undefined) throw new HoldfastError('input_invalid', 'this file was made, not brought');
    const { size } = await stat(path);
    const isBackup = async (): Promise<boolean> => (await sealedKind(path)) !== 'foreign';
    if (size > 0 && !(await isBackup())) throw backupForeign('what is brought', 'it does not begin as one');
    if (size + piece.length > maxBroughtBytes)
      throw backupForeign('what is brought', `it has more than ${maxBroughtBytes} bytes`);
    await appendFile(path, piece);
    return { id: held, wantsMore: size + piece.length === 0 || (await isBackup()) };
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
  writeTo({ unattended = false, lock = this.#lock, by, ...said }: PlaceWords): Promise<PlacedBackup> {
    return this.#inTurn(async () => {
      checkStanding(this.#context);
      const { place, keep } = { ...this.#context.upkeep.backups, ...said };
      if (place === undefined || keep === undefined) throw noPlace();
      if (unattended) await refuseEmptied(this.#context, place);
      return await backUpTo(this.#context, { place, keep, by, lock });
    });
  }

  /**
   * Tries a backup as if it were needed, the newest on record unless a file is named, and records how it went.
   * @throws HoldfastError `object_not_found` when there is none
   */
  rehearse({ file, key, by }: RehearsalWords): Promise<NamedRehearsal> {
    return this.#inTurn(() =>
      this.#withBackup(file, by, async (path, shown) => {
        const name = basename(shown);
        const recorded = await recordedBackup(this.#context.records, name);
        const rehearsal = await rehearse(this.#context, { path, shown, key, ...recorded });
        await recordRehearsal(this.#context, { name, by, rehearsal });
        return { name, ...rehearsal };
      }),
    );
  }

  async #withBackup<T>(
    file: RehearsalWords['file'],
    by: string,
    work: (path: string, shown: string) => Promise<T>,
  ): Promise<T> {
    if (file === undefined) return await withNewestBackup(this.#context, work);
    try {
      return await work(this.#held.find(file.id, by).path, file.path);
    } finally {
      await this.#held.drop(file.id, by);
    }
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
    await this.#held.close();
  }

  /** Every backup on record, the newest first. */
  list(): Promise<BackupRecord[]> {
    return readBackups(this.#context.records);
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

  /** By the recovery key, which nobody has to be asked for. */
  get #lock(): BackupLock {
    return { kind: 'recovery key', recipient: this.#context.recoveryRecipient };
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

const notWritten = 'the backup could not be written';

function undoneMeanwhile(path: string): HoldfastError {
  return new HoldfastError('object_not_found', 'the move was undone before its file was done', {
    hint: `destroy ${path}: restored, it would be a second authority`,
  });
}

function noPlace(): HoldfastError {
  return new HoldfastError('object_not_found', 'the settings of the server name no place for backups', {
    hint: 'name one there, as authority.backup_to; or write a file here: holdfast ca backup FILE',
  });
}

/** How large a file may be that is brought to be tried; the database of an authority with a million certificates has 1 GB. */
const maxBroughtBytes = 16 * 1024 ** 3;

async function begin(path: string): Promise<HeldAbout> {
  await writeFile(path, '', { flag: 'wx', mode: 0o600 });
  return {};
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
