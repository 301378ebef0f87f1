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
