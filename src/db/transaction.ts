import type { Command } from './connection.ts';
import type { Queries, Row, SqlValue } from './database.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

/** What a transaction's work is given: statements at once, in this thread, for as long as the transaction is open. */
export class Transaction implements Queries {
  readonly #connection: SqliteConnection;
  #open = true;
  /** What it has changed, to be done again when another one has to be undone. */
  readonly changes: Command[] = [];

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
    return this.#execute({ method: 'all', sql, params }) as T[];
  }

  async get<T = Row>(sql: string, ...params: readonly SqlValue[]): Promise<T | undefined> {
    return this.#execute({ method: 'get', sql, params }) as T | undefined;
  }

  async run(sql: string, ...params: readonly SqlValue[]): Promise<{ readonly changes: number }> {
    return this.#execute({ method: 'run', sql, params }) as { changes: number };
  }

  #execute(command: Command): unknown {
    if (!this.#open) throw new TypeError('the transaction has ended');
    if (!command.sql.startsWith('SELECT')) this.changes.push(command);
    return this.#connection.execute(command);
  }
}
