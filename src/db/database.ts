/** A value that a database stores. Booleans are 0 and 1, dates are milliseconds since 1970. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** One row, by column name. What the columns hold is the word of the schema, so a caller names the row's type. */
export type Row = Readonly<Record<string, SqlValue>>;

/** What can be read. Parameters are positional, `?` in the text. */
export interface Reads {
  /** Every row. */
  all<T = Row>(sql: string, ...params: readonly SqlValue[]): Promise<T[]>;
  /** The first row, if there is one. */
  get<T = Row>(sql: string, ...params: readonly SqlValue[]): Promise<T | undefined>;
}

/** What can be asked: of the database at large, or inside a transaction. */
export interface Queries extends Reads {
  /** Changes rows, and says how many. */
  run(sql: string, ...params: readonly SqlValue[]): Promise<{ readonly changes: number }>;
}

/**
 * A database: what a call has changed when its promise resolves is on the disk.
 *
 * Changes run one after the other in the order they were asked for, and those that wait at the same time go to the disk
 * together. What is read sees every change that was asked for before, and never the inside of a transaction.
 * Errors: `storage_full`, `storage_failed`, `database_damaged`, `database_busy`. Of PostgreSQL also
 * `database_unreachable`, which says so where a change may be on record all the same; the next call connects again.
 */
export interface Database extends Queries, AsyncDisposable {
  /**
   * Reads what is committed when it is asked and waits for no transaction, inside of one neither: for questions that
   * must be answered at once. Point look-ups by an index and nothing else, since SQLite answers in the caller's thread.
   */
  readonly committed: Reads;
  /**
   * Runs `work` as one unit: committed when it resolves, undone when it throws. Inside, only `tx` is used: asking the
   * database itself would wait for the transaction that waits for it, and is a `TypeError`. Nothing slow belongs in here.
   */
  transaction<T>(work: (tx: Queries) => Promise<T> | T): Promise<T>;
  /**
   * Calls `listener` each time that everything committed so far has come to the disk, before anybody is told of it: what
   * is committed then is there after a loss of power too. They wait for it; when it fails, they are told that. Until the
   * returned function is called.
   */
  onDurable(listener: () => Promise<void>): () => void;
  /** Waits for what was asked before, then closes. */
  close(): Promise<void>;
}

/** A transaction that waits for its turn: its work, and whom to tell how it ended. */
export interface Member {
  /** Runs the work with the handle; what it gives is the member's result. */
  perform(transaction: Transaction): Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** What each kind of database does in its own way; {@link QueuedDatabase} does the rest. */
export interface Engine {
  /** Sees what is committed, and waits for nobody. */
  readonly committed: Reads;
  /** Answers what is asked outside of transactions. */
  read(command: Command): Promise<unknown>;
  /**
   * Runs transactions one after the other and commits them as one; gives those it has not come to. A member is told how
   * it ended when that is on the disk, and after `onDurable` has resolved, which is when something was changed.
   */
  commit(waiting: readonly Member[], onDurable: () => Promise<void>): Promise<readonly Member[]>;
  close(): Promise<void>;
}

/** One thing to do on a connection. `exec` runs a script of several statements without parameters. */
export interface Command {
  readonly method: 'all' | 'get' | 'run' | 'exec';
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

/** One connection to a database, wherever it lives. Commands run in the order they are given. */
export interface Connection {
  execute(command: Command): Promise<unknown>;
  close(): Promise<void>;
}

/** What can be read on a connection. */
export class ConnectionReads implements Reads {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  all<T = Row>(sql: string, ...params: readonly SqlValue[]): Promise<T[]> {
    return this.#connection.execute({ method: 'all', sql, params }) as Promise<T[]>;
  }

  get<T = Row>(sql: string, ...params: readonly SqlValue[]): Promise<T | undefined> {
    return this.#connection.execute({ method: 'get', sql, params }) as Promise<T | undefined>;
  }
}

/** What a transaction's work is given: the connection that writes, for as long as the transaction is open. */
export class Transaction implements Queries {
  readonly #execute: (command: Command) => unknown;
  #open = true;
  /** What it has changed. */
  readonly changes: Command[] = [];

  /** @param execute does a command at once, or gives the promise of its answer */
  constructor(execute: (command: Command) => unknown) {
    this.#execute = execute;
  }

  get open(): boolean {
    return this.#open;
  }

  /** From now on the handle is refused. */
  end(): void {
    this.#open = false;
  }

  async all<T = Row>(sql: string, ...params: readonly SqlValue[]): Promise<T[]> {
    return this.#do({ method: 'all', sql, params }) as T[];
  }

  async get<T = Row>(sql: string, ...params: readonly SqlValue[]): Promise<T | undefined> {
    return this.#do({ method: 'get', sql, params }) as T | undefined;
  }

  async run(sql: string, ...params: readonly SqlValue[]): Promise<{ readonly changes: number }> {
    return this.#do({ method: 'run', sql, params }) as { changes: number };
  }

  #do(command: Command): unknown {
    if (!this.#open) throw new TypeError('the transaction has ended');
    if (!command.sql.startsWith('SELECT')) this.changes.push(command);
    return this.#execute(command);
  }
}
