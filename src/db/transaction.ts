import type { Command } from './connection.ts';
import type { Queries, Row, SqlValue } from './database.ts';

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
