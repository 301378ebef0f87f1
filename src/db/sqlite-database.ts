import { AsyncLocalStorage } from 'node:async_hooks';
import type { Connection } from './connection.ts';
import type { Database, Queries, Row, SqlValue } from './database.ts';
import { commitGroup, type Member } from './group-commit.ts';
import type { LogKeeper } from './log-keeper.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import type { Transaction } from './transaction.ts';

/** The connections of a database. */
export interface DatabaseParts {
  /** Alone in writing, in this thread: a statement takes a few microseconds, and no way to another thread. */
  readonly writer: SqliteConnection;
  /** For what is read outside of transactions, which may take long. */
  readonly reader: Connection;
  /** Brings what is written to the disk. */
  readonly keeper: LogKeeper;
}

/** So that nobody waits long for the others. */
const maxGroupSize = 256;

/** The {@link Database} over SQLite: transactions wait in a queue, and those that wait together are committed together. */
export class SqliteDatabase implements Database {
  readonly #parts: DatabaseParts;
  #waiting: Member[] = [];
  #isWorking = false;
  /** Resolves when every change that was asked for so far is done. */
  #settled: Promise<void> = Promise.resolve();
  #failure: Error | undefined;
  #closed = false;
  readonly #insideOf = new AsyncLocalStorage<Transaction>();
  readonly #listeners = new Set<() => void>();

  constructor(parts: DatabaseParts) {
    this.#parts = parts;
  }

  all<T = Row>(sql: string, ...params: readonly SqlValue[]): Promise<T[]> {
    return this.#read((reader) => reader.execute({ method: 'all', sql, params }) as Promise<T[]>);
  }

  get<T = Row>(sql: string, ...params: readonly SqlValue[]): Promise<T | undefined> {
    return this.#read((reader) => reader.execute({ method: 'get', sql, params }) as Promise<T | undefined>);
  }

  run(sql: string, ...params: readonly SqlValue[]): Promise<{ readonly changes: number }> {
    return this.transaction((tx) => tx.run(sql, ...params));
  }

  transaction<T>(work: (tx: Queries) => Promise<T> | T): Promise<T> {
    return this.#permitted(() => {
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      const perform = (transaction: Transaction): Promise<T> =>
        this.#insideOf.run(transaction, async () => await work(transaction));
      this.#waiting.push({ perform, resolve, reject });
      this.#settled = promise.then(ignore, ignore);
      this.#wake();
      return promise;
    });
  }

  onDurable(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#settled;
    const { reader, keeper, writer } = this.#parts;
    await reader.close();
    keeper.close();
    writer.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #read<T>(work: (reader: Connection) => Promise<T>): Promise<T> {
    return this.#permitted(() =>
      this.#settled.then(() => this.#parts.keeper.reading(work(this.#parts.reader))),
    );
  }

  #permitted<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new TypeError('the database is closed'));
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#insideOf.getStore()?.open === true) {
      return Promise.reject(new TypeError('inside a transaction only its own handle may be used'));
    }
    return work();
  }

  /** Not at once: what else arrives in this turn of the event loop comes along. */
  #wake(): void {
    if (this.#isWorking) return;
    this.#isWorking = true;
    setImmediate(() => void this.#work());
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      if (this.#failure !== undefined) return this.#giveUp(this.#failure);
      const group = this.#waiting.splice(0, maxGroupSize);
      const rest = await commitGroup(this.#parts.writer, group, () => this.#durable());
      this.#waiting.unshift(...rest);
      await this.#parts.keeper.takeOver(this.#parts.reader);
    }
    this.#isWorking = false;
  }

  /** What waits was asked for before the failure was known. */
  #giveUp(failure: Error): void {
    for (const member of this.#waiting.splice(0)) member.reject(failure);
    this.#isWorking = false;
  }

  async #durable(): Promise<void> {
    try {
      await this.#parts.keeper.sync();
    } catch (error) {
      // What was committed is there to be seen and may be lost all the same, so nothing is built upon it.
      this.#failure = error as Error;
      throw error;
    }
    for (const listener of this.#listeners) listener();
  }
}

function ignore(): void {}
