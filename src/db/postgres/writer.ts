import { checkServer } from './check-server.ts';
import { PostgresConnection } from './connection.ts';
import { unreachable } from './error.ts';
import { untilReached } from './patience.ts';
import type { PostgresPlace } from './place.ts';
import { takeLock } from './server-lock.ts';

/** The one connection that writes. It has the lock of the database, and when it was lost another one gets it first. */
export class Writer {
  readonly #place: PostgresPlace;
  #present: PostgresConnection | undefined;
  /** What the last group that is on record has left. */
  #mark: string | undefined;
  #hasUntold = false;

  constructor(place: PostgresPlace) {
    this.#place = place;
  }

  /**
   * A connection that has the lock; for one that was lost five seconds are tried.
   * @throws HoldfastError `database_unreachable`, `database_in_use`, `database_refused`, `tls_failed`, `settings_invalid`
   */
  async connected(): Promise<PostgresConnection> {
    if (this.#present?.isLost === false) return this.#present;
    return await untilReached(() => this.#connect());
  }

  /** Something may have come on record of which those who listen have not heard. */
  get hasUntold(): boolean {
    return this.#hasUntold;
  }

  /** Tells those who listen of what is on record; until they have heard it there is something untold. */
  async telling(onDurable: () => Promise<void>): Promise<void> {
    this.#hasUntold = true;
    await onDurable();
    this.#hasUntold = false;
  }

  hasCommitted(mark: string): void {
    this.#mark = mark;
  }

  /**
   * Asks the next connection whether a group is on record of whose commit the answer was lost.
   * @throws HoldfastError `database_unreachable` when it is not, or when nobody can say
   */
  async checkCommitted(mark: string, cause: unknown): Promise<void> {
    const before = this.#mark;
    await this.connected().catch(() => undefined);
    if (this.#mark === mark) return;
    const isUndone = this.#present?.isLost === false && this.#mark === before;
    this.#hasUntold ||= !isUndone;
    const outcome = isUndone ? 'nothing was recorded' : 'it may or may not be on record';
    throw unreachable(this.#place, `the connection was lost while recording; ${outcome}`, cause);
  }

  async close(): Promise<void> {
    await this.#present?.close();
  }

  async #connect(): Promise<PostgresConnection> {
    const next = await PostgresConnection.open(this.#place, 'writer');
    try {
      await checkServer(next, this.#place);
      await takeLock(next, this.#place, this.#present?.processId);
      this.#mark = await readMark(next);
    } catch (error) {
      await next.close();
      throw error;
    }
    this.#present = next;
    return next;
  }
}

/** The mark of the last group, in the one row of its table, which is made where it is not there yet. */
async function readMark(connection: PostgresConnection): Promise<string> {
  await connection.execute({ method: 'exec', sql: makeMark, params: [] });
  const row = await connection.execute({ method: 'get', sql: 'SELECT mark FROM last_commit', params: [] });
  return (row as { mark: string }).mark;
}

const makeMark = `
  CREATE TABLE IF NOT EXISTS last_commit (id integer PRIMARY KEY CHECK (id = 1), mark text NOT NULL);
  INSERT INTO last_commit VALUES (1, '') ON CONFLICT DO NOTHING;`;
