import { DatabaseSync } from 'node:sqlite';
import type { Reads, Row, SqlValue } from '../database.ts';
import { Statements } from './connection.ts';
import { namedSqliteError } from './error.ts';

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
