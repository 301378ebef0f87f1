import type { Connection } from './connection.ts';
import type { Database } from './database.ts';
import { LocalConnection } from './local-connection.ts';
import { type Migration, migrate } from './migrate.ts';
import { SqliteDatabase } from './sqlite-database.ts';
import { WorkerConnection } from './worker-connection.ts';

/** Which database, and how. */
export interface DatabaseOptions {
  /** The file, created when it is not there; `:memory:` for one that ends with its connection. */
  readonly path: string;
  /** Every step of every owner, in the order they are to be applied. */
  readonly migrations: readonly Migration[];
  /** Run in a thread of its own; what a server wants. The same behaviour either way. */
  readonly worker?: boolean;
}

/**
 * Opens a database and brings it to the schema of this program. Errors: `database_newer`, `database_damaged`,
 * `database_busy`, `storage_full`, `storage_failed`; after any of them the file is as it was.
 */
export async function openDatabase({ path, migrations, worker = false }: DatabaseOptions): Promise<Database> {
  const connection: Connection = worker ? await WorkerConnection.open(path) : new LocalConnection(path);
  try {
    await migrate(connection, path, migrations);
  } catch (error) {
    await connection.close();
    throw error;
  }
  return new SqliteDatabase(connection);
}
