import { HoldfastError } from '../base/index.ts';
import type { Database, Queries, Row } from './database.ts';
import type { Migration } from './migrate.ts';
import { type DatabaseLocation, openDatabase } from './open-database.ts';
import { advanceIdentities, readPostgresTables } from './postgres/connection.ts';
import { readSqliteTables } from './sqlite/connection.ts';

/** Rows of one table after the other, in pieces, all as they are at one moment. */
export type TableRows = AsyncIterable<{ readonly table: string; readonly rows: readonly Row[] }>;

/** What is copied, and where to. */
export interface CopyOrder {
  /** In the schema of this program. */
  readonly from: DatabaseLocation;
  /** Empty, or not there yet. */
  readonly to: DatabaseLocation;
  readonly migrations: readonly Migration[];
  /** Every table, those that others refer to before them; a copy that is cut short has nothing in the last one. */
  readonly tables: readonly string[];
}

/**
 * Copies what is committed in one database into another one, of whichever kind: one moment of it, while others write. What a
 * copy has left there that was cut short is removed first.
 * @throws HoldfastError `database_refused` when the other one is not empty, and the errors of both databases
 */
export async function copyTables(order: CopyOrder): Promise<void> {
  const { from, to, migrations, tables } = order;
  await using target = await openDatabase({ place: to, migrations });
  await removeUnfinished(target, order);
  for await (const { table, rows } of readTables(from, tables)) {
    await target.transaction((tx) => insertAll(tx, table, rows));
  }
  if (to.kind === 'postgres') await advanceIdentities(target);
}

function readTables(from: DatabaseLocation, tables: readonly string[]): TableRows {
  return from.kind === 'sqlite' ? readSqliteTables(from.path, tables) : readPostgresTables(from.url, tables);
}

/** The last table is filled last: as long as nothing is in it, nobody can have worked with what is in the others. */
async function removeUnfinished(target: Database, { to, tables }: CopyOrder): Promise<void> {
  const last = tables.at(-1) ?? '';
  if (await hasRows(target, last)) throw notEmpty(last);
  for (const table of tables.toReversed())
    if (await hasRows(target, table)) await target.transaction((tx) => empty(tx, table, to.kind));
}

async function hasRows(target: Database, table: string): Promise<boolean> {
  return (await target.get(`SELECT 1 FROM ${table} LIMIT 1`)) !== undefined;
}

/** What keeps a table from ever losing a row is for those that are in use. */
async function empty(tx: Queries, table: string, kind: DatabaseLocation['kind']): Promise<void> {
  const triggers = async (word: 'DISABLE' | 'ENABLE'): Promise<void> => {
    if (kind === 'postgres') await tx.run(`ALTER TABLE ${table} ${word} TRIGGER USER`);
  };
  await triggers('DISABLE');
  await tx.run(`DELETE FROM ${table}`);
  await triggers('ENABLE');
}

function notEmpty(table: string): HoldfastError {
  return new HoldfastError(
    'database_refused',
    `the database has rows in ${table} already, expected an empty one`,
    { hint: 'name an empty database' },
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
