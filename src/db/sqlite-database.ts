import { AsyncLocalStorage } from 'node:async_hooks';
import type { Command, Connection } from './connection.ts';
import type { Database, Queries, Row, SqlValue } from './database.ts';

/** The {@link Database} over one connection: a queue in front of it, and transactions. */
export class SqliteDatabase implements Database {
  readonly #connection: Connection;
  /** The end of the queue: resolves when everything asked so far is done. */
  #tail: Promise<void> = Promise.resolve();
  #closed = false;
  readonly #insideOf = new AsyncLocalStorage<Transaction>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  all<T = Row>(sql: string, ...params: readonly SqlValue[]): Promise<T[]> {
    return this.#inTurn(() => this.#connection.execute({ method: 'all', sql, params }) as Promise<T[]>);
  }

  get<T = Row>(sql: string, ...params: readonly SqlValue[]): Promise<T | undefined> {
    return this.#inTurn(
      () => this.#connection.execute({ method: 'get', sql, params }) as Promise<T | undefined>,
    );
  }

  run(sql: string, ...params: readonly SqlValue[]): Promise<{ readonly changes: number }> {
    return this.#inTurn(
      () => this.#connection.execute({ method: 'run', sql, params }) as Promise<{ changes: number }>,
    );
  }

  transaction<T>(work: (tx: Queries) => Promise<T> | T): Promise<T> {
    return this.#inTurn(async () => {
      const transaction = new Transaction(this.#connection);
      return await this.#insideOf.run(transaction, () => transaction.perform(work));
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    const last = this.#inTurn(() => this.#connection.close());
    this.#closed = true;
    await last;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new TypeError('the database is closed'));
    if (this.#insideOf.getStore()?.open === true) {
      return Promise.reject(new TypeError('inside a transaction only its own handle may be used'));
    }
    const result = this.#tail.then(work);
    this.#tail = result.then(ignore, ignore);
    return result;
  }
}

/** One transaction. IMMEDIATE: the right to write is taken at once, so that it cannot fail half way with a stale view. */
class Transaction implements Queries {
  readonly #connection: Connection;
  #open = true;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get open(): boolean {
    return this.#open;
  }

  async perform<T>(work: (tx: Queries) => Promise<T> | T): Promise<T> {
    try {
      await this.#script('BEGIN IMMEDIATE');
      const value = await work(this);
      this.#open = false;
      await this.#script('COMMIT');
      return value;
    } catch (error) {
      this.#open = false;
      // SQLite may have rolled back already (a full disk does that); then there is nothing left to undo.
      await this.#script('ROLLBACK').catch(ignore);
      throw error;
    }
  }

  all<T = Row>(sql: string, ...params: readonly SqlValue[]): Promise<T[]> {
    return this.#execute({ method: 'all', sql, params }) as Promise<T[]>;
  }

  get<T = Row>(sql: string, ...params: readonly SqlValue[]): Promise<T | undefined> {
    return this.#execute({ method: 'get', sql, params }) as Promise<T | undefined>;
  }

  run(sql: string, ...params: readonly SqlValue[]): Promise<{ readonly changes: number }> {
    return this.#execute({ method: 'run', sql, params }) as Promise<{ changes: number }>;
  }

  #execute(command: Command): Promise<unknown> {
    if (!this.#open) return Promise.reject(new TypeError('the transaction has ended'));
    return this.#connection.execute(command);
  }

  async #script(sql: string): Promise<void> {
    await this.#connection.execute({ method: 'exec', sql, params: [] });
  }
}

function ignore(): void {}
