import { createHash, randomBytes } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { access, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  type Clock,
  HoldfastError,
  minuteMs,
  removeLeftOf,
  syncDirectory,
  temporaryBeside,
  whyNotWritten,
  workerEntry,
} from '../../base/index.ts';
import { restoreError } from '../../db/index.ts';
import { parseCertificate } from '../../pki/index.ts';
import type { Keystore } from '../../trust/index.ts';
import { hashRecord } from '../log/index.ts';
import { type AuthorityRecords, authorityDamaged, readRecordsIn } from '../records/index.ts';
import type {
  BackupLock,
  BackupManifest,
  PartSource,
  SealAnswer,
  SealedBackup,
  SealMessage,
  SealOrder,
} from './backup-format.ts';

/** What a backup is made of. */
export interface Sealing {
  readonly directory: string;
  readonly records: AuthorityRecords;
  readonly keystore: Keystore;
  readonly clock: Clock;
  readonly upkeep: {
    /** The settings file, which goes into backups; absent where there is none. */
    readonly settingsFile?: string | undefined;
  };
}

/** A backup that is on the disk. */
export interface WrittenBackup extends SealedBackup {
  readonly about: Omit<BackupManifest, 'parts'>;
}

/**
 * Writes a backup of this moment while the authority goes on: written beside its place, read back, and moved there when
 * it is whole and durable. Whatever goes wrong, the place is as it was.
 *
 * @param path absolute, of a file that is not there
 * @throws HoldfastError `path_not_found`, `storage_full`, `backup_damaged`
 */
export async function writeBackup(
  context: Sealing,
  { path, lock }: { readonly path: string; readonly lock: BackupLock },
): Promise<WrittenBackup> {
  await checkDirectory(dirname(path));
  await removeLeftOf(path);
  const temporary = temporaryBeside(path);
  try {
    const written = await sealSnapshot(context, { target: temporary, lock });
    await rename(temporary, path);
    return written;
  } finally {
    await rm(temporary, { force: true });
    await syncDirectory(dirname(path));
  }
}

/** Writes a backup of this moment into a new file. Errors: as {@link sealBackup}; the file is then the caller's to remove. */
export async function sealSnapshot(
  context: Sealing,
  { target, lock }: { readonly target: string; readonly lock: BackupLock },
): Promise<WrittenBackup> {
  const { directory, records, keystore, clock } = context;
  return await withSnapshotFile(directory, async (snapshot) => {
    await records.copyTo(snapshot);
    // The keys after the database: a key is in the keystore before its certificate is on record.
    const keys = keystore.copyOut().reveal();
    const about = await describeSnapshot(snapshot, keystore, new Date(clock.now()));
    const parts: PartSource[] = [
      { name: 'database', from: snapshot },
      { name: 'keys', from: keys },
      ...(await settingsPart(context)),
    ];
    return { about, ...(await sealBackup({ target, lock, about, parts })) };
  });
}

async function settingsPart({ upkeep: { settingsFile } }: Sealing): Promise<PartSource[]> {
  return settingsFile === undefined ? [] : [{ name: 'settings', from: await readFile(settingsFile) }];
}

async function checkDirectory(path: string): Promise<void> {
  try {
    await readdir(path);
    await access(path, constants.W_OK);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

function unwritable(path: string, cause: unknown): HoldfastError {
  const why = whyNotWritten(cause) ?? 'it cannot be read';
  return new HoldfastError('path_not_found', `no backup can be written to ${path}: ${why}`, {
    hint: 'make the folder, mount its disk, or name another place',
    cause,
  });
}

/**
 * Writes an encrypted backup to a file that is not there yet, for its owner alone, syncs it, and reads all of it back.
 * It is done in a thread of its own, which reads, hashes and encrypts at about 150 MB/s, holding some pieces of 256 KiB;
 * a file whose writing failed is the caller's to remove.
 *
 * @throws HoldfastError `backup_damaged` when what is read back is not what was written, `storage_full`
 */
async function sealBackup({ lock, ...order }: SealOrder): Promise<SealedBackup> {
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

/** What a backup of this copy of a database, and of the keys that are here, says of itself. */
async function describeSnapshot(
  path: string,
  keystore: Keystore,
  madeAt: Date,
): Promise<Omit<BackupManifest, 'parts'>> {
  return await readRecordsIn(path, async ({ state, log, issuers, ocspSigners }) => {
    const about = await state.read();
    const last = await log.last();
    if (about === undefined || last === undefined) throw authorityDamaged('its database has no log');
    const certificates = [...(await issuers.list('root')), ...(await issuers.list('issuing'))];
    const [root] = certificates;
    if (root === undefined) throw authorityDamaged('its database has no root');
    const signers = await ocspSigners.list();
    const recorded = new Set(
      [...certificates, ...signers].map(({ label }) => label).concat(keystore.labels()),
    );
    return {
      network: about.network,
      root: parseCertificate(root.certificate).fingerprint,
      epoch: about.epoch,
      madeAt: madeAt.toISOString(),
      log: { sequence: last.sequence, head: hashRecord(last.record) },
      keys: [...recorded].sort().map((label) => ({ label, held: keystore.has(label) })),
      retired: about.standing === 'retired',
    };
  });
}

const prefix = 'snapshot-';

/** Gives `work` the path of a file in `directory` that is not there yet, and removes it however the work ends. */
export async function withSnapshotFile<T>(directory: string, work: (path: string) => Promise<T>): Promise<T> {
  const path = join(directory, `${prefix}${randomBytes(6).toString('hex')}.tmp`);
  try {
    return await work(path);
  } finally {
    await removeWithJournals(path);
  }
}

/** How many files wait for one caller at a time unless that is said, and how long for his next word. */
const usuallyHeld = 2;
const heldForMs = 2 * minuteMs;

interface HeldFile<About> {
  readonly path: string;
  readonly by: string;
  readonly about: About;
  timer: NodeJS.Timeout;
}

/**
 * Holds files in the directory of an authority while whoever asked for one fetches it, or brings it, piece by piece. Those
 * of who says nothing for two minutes are removed; so are all when they are closed, and those of a killed process at the next start.
 */
export class HeldFiles<About> {
  readonly #directory: string;
  readonly #maxHeld: number;
  readonly #files = new Map<string, HeldFile<About>>();
  /** Those of whom one is being filled. */
  readonly #filling: string[] = [];

  constructor(directory: string, maxHeld = usuallyHeld) {
    this.#directory = directory;
    this.#maxHeld = maxHeld;
  }

  /** What is known of each. */
  about(): About[] {
    return [...this.#files.values()].map(({ about }) => about);
  }

  /** Has `fill` write a file that is not there yet, and holds it for `by`; gives its handle. @throws HoldfastError `rate_limited` */
  async hold(by: string, fill: (path: string) => Promise<About>): Promise<string> {
    const others = [...this.#files.values()].map((file) => file.by).concat(this.#filling);
    if (others.filter((other) => other === by).length >= this.#maxHeld) throw tooManyHeld(by, this.#maxHeld);
    const path = join(this.#directory, `${prefix}${randomBytes(6).toString('hex')}.tmp`);
    this.#filling.push(by);
    try {
      const about = await fill(path);
      const id = randomBytes(16).toString('hex');
      const timer = setTimeout(() => void this.#remove(id), heldForMs).unref();
      this.#files.set(id, { path, by, about, timer });
      return id;
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      this.#filling.splice(this.#filling.indexOf(by), 1);
    }
  }

  /** The file of a handle, which is held on like all others of its caller. @throws HoldfastError `object_not_found` also for one of somebody else */
  find(id: string, by: string): Pick<HeldFile<About>, 'path' | 'about'> {
    const file = this.#files.get(id);
    if (file?.by !== by) throw notHeldAnyMore();
    for (const each of this.#files.values()) if (each.by === by) each.timer.refresh();
    return file;
  }

  /** Removes a file. @throws HoldfastError as {@link HeldFiles.find} */
  async drop(id: string, by: string): Promise<void> {
    this.find(id, by);
    await this.#remove(id);
  }

  /** Removes all of them. */
  async close(): Promise<void> {
    for (const id of this.#files.keys()) await this.#remove(id);
  }

  async #remove(id: string): Promise<void> {
    const file = this.#files.get(id);
    clearTimeout(file?.timer);
    this.#files.delete(id);
    // What a disk that fails keeps is removed at the next start, as what a killed process left: it is no reason to end one.
    if (file !== undefined) await rm(file.path, { force: true }).catch(() => {});
  }
}

function tooManyHeld(by: string, maxHeld: number): HoldfastError {
  return new HoldfastError('rate_limited', `${maxHeld} files are held for ${by} already, as many as may be`, {
    hint: `wait until those are done, at most ${heldForMs / minuteMs} minutes, then run it again`,
  });
}

function notHeldAnyMore(): HoldfastError {
  return new HoldfastError('object_not_found', 'no file is held under this handle, or none any more', {
    hint: 'nothing was changed; run it again from its beginning',
  });
}

/** Removes copies of the database, and rehearsals, that a killed process left: for whoever holds the lock of the home. */
export async function removeLeftSnapshots(directory: string): Promise<void> {
  const names = await readdir(directory);
  await Promise.all(
    names
      .filter((name) => /^(snapshot-.*\.tmp(-journal|-wal|-shm)?|rehearsal-.*)$/.test(name))
      .map((name) => rm(join(directory, name), { recursive: true, force: true })),
  );
}

async function removeWithJournals(path: string): Promise<void> {
  for (const suffix of ['', '-journal', '-wal', '-shm']) await rm(path + suffix, { force: true });
}

/** SHA-256 of a file, lowercase hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
  const sum = createHash('sha256');
  for await (const chunk of createReadStream(path)) sum.update(chunk as Uint8Array);
  return sum.digest('hex');
}
