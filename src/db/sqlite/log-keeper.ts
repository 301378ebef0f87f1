import { closeSync, fdatasync, fstatSync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { HoldfastError, systemErrorCode } from '../../base/index.ts';
import type { Connection } from '../database.ts';

/** From this length on the log is taken over into the database. */
const longBytes = 16 * 2 ** 20;

/**
 * Looks after the write-ahead log of a database: brings it to the disk, and has it taken over into the database when it
 * has grown long. That goes on in the reader's thread while others write; only what they have written meanwhile is taken over while
 * they wait, after which the log begins anew.
 */
export class LogKeeper {
  /** None for a database in memory. */
  readonly #log: WriteAheadLog | undefined;
  #stage: 'short' | 'running' | 'almost' = 'short';
  #reads = 0;

  constructor(log: WriteAheadLog | undefined) {
    this.#log = log;
  }

  /** Resolves when everything committed so far is on the disk. @throws HoldfastError `storage_failed` */
  async sync(): Promise<void> {
    await this.#log?.sync();
  }

  /** Knows of a read for as long as it takes: the log cannot be emptied below somebody who reads. */
  async reading<T>(work: Promise<T>): Promise<T> {
    this.#reads += 1;
    try {
      return await work;
    } finally {
      this.#reads -= 1;
    }
  }

  /** To be called between two commits; resolves when the next may come. A failure changes nothing, and is tried again. */
  async takeOver(reader: Connection): Promise<void> {
    if (this.#log === undefined || this.#stage === 'running' || this.#log.bytes < longBytes) return;
    if (this.#stage === 'short') {
      this.#stage = 'running';
      void checkpoint(reader, 'PASSIVE').then((done) => (this.#stage = done ? 'almost' : 'short'));
    } else if (this.#reads === 0) {
      await checkpoint(reader, 'TRUNCATE');
      this.#stage = 'short';
    }
  }

  close(): void {
    this.#log?.close();
  }
}

/** `TRUNCATE` gives up at once when somebody reads, instead of waiting for them. */
async function checkpoint(reader: Connection, mode: 'PASSIVE' | 'TRUNCATE'): Promise<boolean> {
  const script = `PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(${mode}); PRAGMA busy_timeout = 5000;`;
  try {
    await reader.execute({ method: 'exec', sql: script, params: [] });
    return true;
  } catch {
    return false;
  }
}

const sync = promisify(fdatasync);

/**
 * The file that SQLite's commits are appended to (sqlite.org/wal.html). A connection with `synchronous = NORMAL` leaves it
 * to us to bring a commit to the disk, which is the one thing about a commit that takes long, and is done here without
 * holding up the thread that commits.
 */
export class WriteAheadLog {
  readonly #path: string;
  #descriptor: number | undefined;

  /** Of the database at `path`, which some connection has open: it keeps the file there. */
  constructor(path: string) {
    this.#path = `${path}-wal`;
  }

  /** Resolves when everything committed so far is on the disk. @throws HoldfastError `storage_failed` */
  async sync(): Promise<void> {
    try {
      await sync(this.#open());
    } catch (cause) {
      throw notOnTheDisk(this.#path, cause);
    }
  }

  /** What has not been taken over into the database since it was last emptied, in bytes. */
  get bytes(): number {
    return fstatSync(this.#open()).size;
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #open(): number {
    this.#descriptor ??= openSync(this.#path, 'r+');
    return this.#descriptor;
  }
}

/** After such an error nobody knows what the system has kept of what it had taken (fsync(2)). */
function notOnTheDisk(path: string, cause: unknown): HoldfastError {
  const problem = systemErrorCode(cause) ?? String(cause);
  return new HoldfastError(
    'storage_failed',
    `what was recorded into ${path} did not reach the disk: ${problem}`,
    {
      hint: 'see to the disk, then start the program again, which finds out what was kept',
      cause,
    },
  );
}
