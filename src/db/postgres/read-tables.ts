import type { Secret } from '../../base/index.ts';
import type { Database, Row } from '../database.ts';
import { PostgresConnection } from './connection.ts';
import { parsePostgresUrl } from './place.ts';

const rowsAtOnce = 100;

/** Every row of some tables, by a cursor for each within one transaction that sees one moment. */
export async function* readPostgresTables(
  url: Secret<string>,
  tables: readonly string[],
): AsyncGenerator<{ readonly table: string; readonly rows: readonly Row[] }> {
  const connection = await PostgresConnection.open(parsePostgresUrl(url), 'reader');
  try {
    await script(connection, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    for (const table of tables) {
      await script(connection, `DECLARE every CURSOR FOR SELECT * FROM ${table}`);
      for (let rows = await next(connection); rows.length > 0; rows = await next(connection))
        yield { table, rows };
      await script(connection, 'CLOSE every');
    }
  } finally {
    await connection.close();
  }
}

async function script(connection: PostgresConnection, sql: string): Promise<void> {
  await connection.execute({ method: 'exec', sql, params: [] });
}

/** Not prepared: what a cursor gives differs with its table. */
async function next(connection: PostgresConnection): Promise<readonly Row[]> {
  return await connection.fetch(`FETCH ${rowsAtOnce} FROM every`);
}

/** Lets every identity column go on after the rows that were put there with numbers of their own. */
export async function advanceIdentities(database: Database): Promise<void> {
  const columns = await database.all<{ sequence: string; table_name: string; column_name: string }>(
    `SELECT table_name, column_name, pg_get_serial_sequence(quote_ident(table_name), column_name) AS sequence
      FROM information_schema.columns WHERE is_identity = 'YES' AND table_schema = current_schema()`,
  );
  await database.transaction(async (tx) => {
    for (const { sequence, table_name, column_name } of columns) {
      const next = `SELECT coalesce(max("${column_name}"), 0) + 1 FROM "${table_name}"`;
      await tx.get(`SELECT setval(?::regclass, (${next}), false)`, sequence);
    }
  });
}
