import { DatabaseSync } from 'node:sqlite';
import type { Row } from '../database.ts';
import { namedSqliteError } from './error.ts';

const rowsAtOnce = 100;

/** Every row of some tables of a file, within one transaction that reads. */
export async function* readSqliteTables(
  path: string,
  tables: readonly string[],
): AsyncGenerator<{
  readonly table: string;
  readonly rows: readonly Row[];
}> {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    database.exec('BEGIN');
    for (const table of tables) {
      for (const rows of pieces(database.prepare(`SELECT * FROM ${table}`).iterate())) yield { table, rows };
    }
  } catch (error) {
    throw namedSqliteError(error, path);
  } finally {
    database.close();
  }
}

function* pieces(all: Iterable<unknown>): Generator<Row[]> {
  let rows: Row[] = [];
  for (const row of all) {
    rows.push(row as Row);
    if (rows.length < rowsAtOnce) continue;
    yield rows;
    rows = [];
  }
  yield rows;
}
