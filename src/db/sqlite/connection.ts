import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { systemErrorCode } from '../../base/index.ts';
import type { Command, Reads, Row, SqlValue } from '../database.ts';
import { namedSqliteError } from './error.ts';

const busyTimeoutMs = 5000;

/**
 * What a connection is for. A `writer` commits without waiting for the disk, which {@link WriteAheadLog} does for it, and
 * leaves it to a `reader` to take the log over into the database, the one thing which that writes.
 */
type ConnectionPurpose = 'writer' | 'reader';

/**
 * A connection of this thread to the SQLite file `path` (or `:memory:`), in WAL mode and with foreign keys that hold. The
 * file is created for its owner alone. What is committed is always whole, but on the disk only as its purpose says.
 */
export class SqliteConnection {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;

  constructor(path: string, purpose: ConnectionPurpose) {
    this.#path = path;
    this.#database = this.#named(() => openFile(path, purpose));
    this.#statements = new Statements(this.#database);
  }

  /** Whether a transaction is open; SQLite ends one by itself when the disk is full. */
  get isInTransaction(): boolean {
    return this.#database.isTransaction;
  }

  execute(command: Command): unknown {
    return this.#named(() => this.#run(command));
  }

  close(): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #run({ method, sql, params }: Command): unknown {
    switch (method) {
      case 'exec':
        return this.#database.exec(sql);
      case 'all':
        return this.#statements.all(sql, params);
      case 'get':
        return this.#statements.get(sql, params);
      case 'run':
        return { changes: this.#statements.run(sql, params) };
      default:
        throw new TypeError(`no such method: ${String(method)}`);
    }
  }

  #named<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw namedSqliteError(error, this.#path);
    }
  }
}

/** `NORMAL` orders what is written so that a loss of power leaves a database that is whole (sqlite.org/pragma.html). */
const settings: Readonly<Record<ConnectionPurpose, string>> = {
  writer:
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -8192;',
  reader: 'PRAGMA synchronous = NORMAL; PRAGMA query_only = ON;',
};

function openFile(path: string, purpose: ConnectionPurpose): DatabaseSync {
  if (path !== ':memory:') createPrivateFile(path);
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
  try {
    database.exec(`${settings[purpose]} SELECT count(*) FROM sqlite_schema;`);
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/**
 * SQLite would create the file as the umask says; its WAL takes the mode of the file. A file that exists is not even
 * opened: closing any descriptor of it would drop the locks this process holds on it (fcntl(2)).
 */
export function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    // A directory that cannot be written is reported by SQLite, when it fails to open the file.
    const expected = ['EEXIST', 'ENOENT', 'EACCES', 'EROFS', 'EISDIR', 'ENOTDIR', 'ENOSPC'];
    if (!expected.includes(systemErrorCode(error) ?? '')) throw error;
  }
}

interface Prepared {
  readonly statement: StatementSync;
  /** What its columns are called. */
  readonly names: readonly string[];
}

/**
 * The statements of one connection, each prepared once and kept for ever: the texts are the program's own constants, never
 * built from input. Rows are plain objects; SQLite's own would be slower to make and to read.
 */
class Statements {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  all(sql: string, params: readonly SqlValue[]): Row[] {
    const { statement, names } = this.#prepare(sql);
    return statement.all(...params).map((values) => toRow(names, values));
  }

  get(sql: string, params: readonly SqlValue[]): Row | undefined {
    const { statement, names } = this.#prepare(sql);
    const values = statement.get(...params);
    return values && toRow(names, values);
  }

  /** How many rows it has changed. */
  run(sql: string, params: readonly SqlValue[]): number {
    return Number(this.#prepare(sql).statement.run(...params).changes);
  }

  clear(): void {
    this.#prepared.clear();
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    statement.setReturnArrays(true);
    const made = { statement, names: statement.columns().map(({ name }) => name) };
    this.#prepared.set(sql, made);
    return made;
  }
}

/** @param values an array, whatever the types of `node:sqlite` say: the statement was asked for it */
function toRow(names: readonly string[], values: unknown): Row {
  const row: Record<string, SqlValue> = {};
  names.forEach((name, index) => {
    row[name] = (values as readonly SqlValue[])[index] as SqlValue;
  });
  return row;
}

/** Reads what is committed in a file, in the caller's thread and in the schema that it has: of a copy, or beside who writes. */
export class CommittedReader implements Reads, Disposable {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;

  constructor(path: string) {
    this.#path = path;
    this.#database = new DatabaseSync(path, { readOnly: true });
    this.#statements = new Statements(this.#database);
  }

  async all<T = Row>(sql: string, ...params: readonly SqlValue[]): Promise<T[]> {
    return this.#named(() => this.#statements.all(sql, params)) as T[];
  }

  async get<T = Row>(sql: string, ...params: readonly SqlValue[]): Promise<T | undefined> {
    return this.#named(() => this.#statements.get(sql, params)) as T | undefined;
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #named<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw namedSqliteError(error, this.#path);
    }
  }
}

/**
 * Takes into a file what the log beside it holds, and removes that and the index of it, so that the file alone is the whole; for
 * whoever alone has it open. A connection that only reads leaves both behind (SQLite, "Write-Ahead Logging", read-only databases).
 */
export function foldLog(path: string): void {
  try {
    const database = new DatabaseSync(path);
    try {
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      database.close();
    }
  } catch (error) {
    throw namedSqliteError(error, path);
  }
}

const rowsAtOnce = 100;

/** Every row of some tables of a file, within one transaction that reads. */
export async function* readSqliteTables(
  path: string,
  tables: readonly string[],
): AsyncGenerator<{
  readonly table: string;
  readonly rows: readonly Row[];
}> {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    database.exec('BEGIN');
    for (const table of tables) {
      for (const rows of pieces(database.prepare(`SELECT * FROM ${table}`).iterate())) yield { table, rows };
    }
  } catch (error) {
    throw namedSqliteError(error, path);
  } finally {
    database.close();
  }
}

function* pieces(all: Iterable<unknown>): Generator<Row[]> {
  let rows: Row[] = [];
  for (const row of all) {
    rows.push(row as Row);
    if (rows.length < rowsAtOnce) continue;
    yield rows;
    rows = [];
  }
  yield rows;
}
