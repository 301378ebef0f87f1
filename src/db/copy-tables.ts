import { HoldfastError } from '../base/index.ts';
import type { Database, Queries, Row } from './database.ts';
import type { Migration } from './migrate.ts';
import { type DatabasePlace, openDatabase } from './open-database.ts';
import { advanceIdentities } from './postgres/advance-identities.ts';
import { readPostgresTables } from './postgres/read-tables.ts';
import { readSqliteTables } from './sqlite/read-tables.ts';

/** Rows of one table after the other, in pieces, all as they are at one moment. */
export type TableRows = AsyncIterable<{ readonly table: string; readonly rows: readonly Row[] }>;

/** What is copied, and where to. */
export interface CopyOrder {
  /** In the schema of this program. */
  readonly from: DatabasePlace;
  /** Empty, or not there yet. */
  readonly to: DatabasePlace;
  readonly migrations: readonly Migration[];
  /** Every table, those that others refer to before them; a copy that is cut short has nothing in the last one. */
  readonly tables: readonly string[];
}

/**
 * Copies what is committed in one database into another one, of whichever kind: one moment of it, while others write.
 * @throws HoldfastError `database_refused` when the other one has rows, and the errors of both databases
 */
export async function copyTables({ from, to, migrations, tables }: CopyOrder): Promise<void> {
  await using target = await openDatabase({ place: to, migrations });
  for (const table of tables) await checkEmpty(target, table);
  for await (const { table, rows } of readTables(from, tables)) {
    await target.transaction((tx) => insertAll(tx, table, rows));
  }
  if (to.kind === 'postgres') await advanceIdentities(target);
}

function readTables(from: DatabasePlace, tables: readonly string[]): TableRows {
  return from.kind === 'sqlite' ? readSqliteTables(from.path, tables) : readPostgresTables(from.url, tables);
}

async function checkEmpty(target: Database, table: string): Promise<void> {
  if ((await target.get(`SELECT 1 FROM ${table} LIMIT 1`)) === undefined) return;
  throw new HoldfastError(
    'database_refused',
    `the database has rows in ${table} already, expected an empty one`,
    {
      hint: 'name an empty database',
    },
  );
}

async function insertAll(tx: Queries, table: string, rows: readonly Row[]): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const columns = Object.keys(first);
  const places = `(${columns.map(() => '?').join(', ')})`;
  await tx.run(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${rows.map(() => places).join(', ')}`,
    ...rows.flatMap((row) => columns.map((column) => row[column] ?? null)),
  );
}
