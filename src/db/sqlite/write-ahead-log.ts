import { closeSync, fdatasync, fstatSync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { HoldfastError, systemErrorCode } from '../../base/index.ts';

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
