import type { Database } from '../database.ts';

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
