import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Row, SqlValue } from '../database.ts';

interface Prepared {
  readonly statement: StatementSync;
  /** What its columns are called. */
  readonly names: readonly string[];
}

/**
 * The statements of one connection, each prepared once and kept for ever: the texts are the program's own constants, never
 * built from input. Rows are plain objects; SQLite's own would be slower to make and to read.
 */
export class Statements {
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
