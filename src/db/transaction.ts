import type { Queries, Row, SqlValue } from './database.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

/** What a transaction's work is given: statements at once, in this thread, for as long as the transaction is open. */
export class Transaction implements Queries {
  readonly #connection: SqliteConnection;
  #open = true;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  get open(): boolean {
    return this.#open;
  }

  /** From now on the handle is refused. */
  end(): void {
    this.#open = false;
  }

  async all<T = Row>(sql: string, ...params: readonly SqlValue[]): Promise<T[]> {
    return this.#writer().execute({ method: 'all', sql, params }) as T[];
  }

  async get<T = Row>(sql: string, ...params: readonly SqlValue[]): Promise<T | undefined> {
    return this.#writer().execute({ method: 'get', sql, params }) as T | undefined;
  }

  async run(sql: string, ...params: readonly SqlValue[]): Promise<{ readonly changes: number }> {
    return this.#writer().execute({ method: 'run', sql, params }) as { changes: number };
  }

  #writer(): SqliteConnection {
    if (!this.#open) throw new TypeError('the transaction has ended');
    return this.#connection;
  }
}
