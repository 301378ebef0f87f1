import { DatabaseSync } from 'node:sqlite';
import type { Row, SqlValue } from '../database.ts';
import { namedSqliteError } from './error.ts';
import { Statements } from './statements.ts';

/**
 * A second connection to a database, in the caller's thread, that only reads and only sees what was committed. It waits
 * neither for transactions nor for the disk they wait for, so that a question which must be answered at once can be:
 * for point look-ups by an index, a few microseconds each, and nothing else.
 */
export class CommittedReader {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;

  /** Opens the file of a {@link Database} that is open. */
  constructor(path: string) {
    this.#path = path;
    this.#database = new DatabaseSync(path, { readOnly: true });
    this.#statements = new Statements(this.#database);
  }

  /** The first row, if there is one. Errors as those of a {@link Database}. */
  get(sql: string, ...params: readonly SqlValue[]): Row | undefined {
    try {
      return this.#statements.get(sql, params);
    } catch (error) {
      throw namedSqliteError(error, this.#path);
    }
  }

  close(): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }
}
