import { setTimeout as wait } from 'node:timers/promises';
import { HoldfastError, isHoldfastError } from '../../base/index.ts';
import type { Command, Connection, Row, SqlValue } from '../database.ts';
import { PostgresConnection } from './connection.ts';
import type { PostgresParameters } from './connection-parameters.ts';
import { unreachable } from './error.ts';

/** The one connection that writes. It has the lock of the database, and when it was lost another one gets it first. */
export class Writer {
  readonly #place: PostgresParameters;
  #present: PostgresConnection | undefined;
  /** What the last group that is on record has left. */
  #mark: string | undefined;
  #hasUntold = false;

  constructor(place: PostgresParameters) {
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

/** The oldest that the tests run on. */
const oldestVersion = 15;

interface ServerFacts {
  readonly version: number;
  readonly synchronous: string;
  readonly encoding: string;
  readonly standby: number;
}

/**
 * Checks that a server keeps what it has acknowledged, and text as it was given.
 * @throws HoldfastError `database_refused` that says what was found and how to change it
 */
async function checkServer(connection: PostgresConnection, place: PostgresParameters): Promise<void> {
  const sql = `SELECT current_setting('server_version_num')::int / 10000 AS version,
    current_setting('synchronous_commit') AS synchronous, current_setting('server_encoding') AS encoding,
    pg_is_in_recovery() AS standby`;
  const facts = (await connection.execute({ method: 'get', sql, params: [] })) as ServerFacts;
  const problem = problems(place).find(({ isFound }) => isFound(facts));
  if (problem === undefined) return;
  const { found, hint } = problem;
  throw new HoldfastError('database_refused', `database ${place.name} ${found(facts)}`, { hint });
}

interface Problem {
  readonly isFound: (facts: ServerFacts) => boolean;
  readonly found: (facts: ServerFacts) => string;
  readonly hint: string;
}

function problems({ database }: PostgresParameters): Problem[] {
  return [
    {
      isFound: ({ version }) => version < oldestVersion,
      found: ({ version }) => `is of PostgreSQL ${version}, expected ${oldestVersion} or later`,
      hint: 'upgrade PostgreSQL',
    },
    {
      isFound: ({ standby }) => standby === 1,
      found: () => 'is a standby, which only reads, expected the primary',
      hint: 'name the primary in the URL, or promote this one',
    },
    {
      isFound: ({ synchronous }) => synchronous === 'off',
      found: () => 'has synchronous_commit = off, expected on: it forgets what it has acknowledged',
      hint: `ALTER DATABASE "${database}" SET synchronous_commit = on`,
    },
    {
      isFound: ({ encoding }) => encoding !== 'UTF8',
      found: ({ encoding }) => `has the encoding ${encoding}, expected UTF8`,
      hint: `make one that has: createdb --encoding=UTF8 --template=template0 ${database}`,
    },
  ];
}

/** An advisory lock of the database, by two numbers that nobody else is likely to use: "Hold" and "fast". */
const lock = '1215261796, 1717662580';

/** How long one waits for a process that has just ended: the server may have to notice. */
const delaysMs = [0, 50, 100, 200, 400, 800];

/**
 * Takes the right to write into a database, until the connection ends: one process has it.
 *
 * @param formerProcess of the server, of a connection of our own that was lost: it is ended when it still has the lock,
 *   since nobody else would for as long as the server does not know that the line was cut
 * @throws HoldfastError `database_in_use` with who has it
 */
async function takeLock(
  connection: PostgresConnection,
  place: PostgresParameters,
  formerProcess: number | undefined,
): Promise<void> {
  for (const delayMs of delaysMs) {
    await wait(delayMs);
    const answer = await ask(connection, `SELECT pg_try_advisory_lock(${lock}) AS taken`);
    if (answer?.['taken'] === 1) return;
    if (formerProcess !== undefined) await endFormer(connection, formerProcess);
  }
  throw new HoldfastError(
    'database_in_use',
    `database ${place.name} is in use by ${await holder(connection)}`,
    {
      hint: 'stop that server; one at a time works on a database',
    },
  );
}

const whoHasIt = `FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted
  AND (classid::bigint, objid::bigint, objsubid) = (${lock}, 2)
  AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

async function endFormer(connection: PostgresConnection, formerProcess: number): Promise<void> {
  await ask(connection, `SELECT pg_terminate_backend(pid) ${whoHasIt} AND pid = ?`, formerProcess);
}

/** As far as the server lets this user see it. */
async function holder(connection: PostgresConnection): Promise<string> {
  const row = await ask(
    connection,
    `SELECT coalesce(nullif(application_name, ''), 'another program') || ' ('
      || coalesce(host(client_addr), 'this machine') || ', process ' || pid || ' of PostgreSQL)' AS who ${whoHasIt}`,
  );
  return row === undefined ? 'a process that has just ended' : String(row['who']);
}

async function ask(
  connection: PostgresConnection,
  sql: string,
  ...params: SqlValue[]
): Promise<Row | undefined> {
  return (await connection.execute({ method: 'get', sql, params })) as Row | undefined;
}

/**
 * A connection that reads, made when it is needed and again when it was lost; what was asked then is asked again, since
 * reading twice changes nothing.
 */
export class ReadingLine implements Connection {
  readonly #place: PostgresParameters;
  #line: Promise<PostgresConnection> | undefined;
  #waiting = 0;

  constructor(place: PostgresParameters) {
    this.#place = place;
  }

  /** How many answers are waited for. */
  get waiting(): number {
    return this.#waiting;
  }

  async execute(command: Command): Promise<unknown> {
    this.#waiting += 1;
    try {
      return await untilReached(() => this.#ask(command));
    } finally {
      this.#waiting -= 1;
    }
  }

  async close(): Promise<void> {
    await (await this.#line?.catch(() => undefined))?.close();
  }

  async #ask(command: Command): Promise<unknown> {
    const line = (this.#line ??= PostgresConnection.open(this.#place, 'reader'));
    try {
      return await (await line).execute(command);
    } catch (error) {
      const isOpen = await line.then((connection) => !connection.isLost).catch(() => false);
      if (!isOpen && this.#line === line) this.#line = undefined;
      throw error;
    }
  }
}

/** Between one try and the next: five seconds in all, in which a server has restarted. */
const pollDelaysMs = [20, 50, 100, 200, 400, 800, 1000, 1200, 1200];

/** Does `work` again while the database cannot be reached, for five seconds at most; the last error is the one thrown. */
async function untilReached<T>(work: () => Promise<T>): Promise<T> {
  for (const delayMs of pollDelaysMs) {
    try {
      return await work();
    } catch (error) {
      if (!isHoldfastError(error, 'database_unreachable')) throw error;
      await wait(delayMs);
    }
  }
  return await work();
}
