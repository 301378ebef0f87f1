import type { Database } from './database.ts';
import { LocalConnection } from './local-connection.ts';
import { LogKeeper } from './log-keeper.ts';
import { type Migration, migrate } from './migrate.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { SqliteDatabase } from './sqlite-database.ts';
import { WorkerConnection } from './worker-connection.ts';
import { WriteAheadLog } from './write-ahead-log.ts';

/** Which database, and how. */
export interface DatabaseOptions {
  /** The file, created when it is not there; `:memory:` for one that ends with its connection. */
  readonly path: string;
  /** Every step of every owner, in the order they are to be applied. */
  readonly migrations: readonly Migration[];
  /** Read in a thread of its own what is read outside of transactions; what a server wants. The same behaviour either way. */
  readonly worker?: boolean;
}

/**
 * Opens a database and brings it to the schema of this program. Errors: `database_newer`, `database_damaged`,
 * `database_busy`, `storage_full`, `storage_failed`; after any of them the file is as it was.
 */
export async function openDatabase({ path, migrations, worker = false }: DatabaseOptions): Promise<Database> {
  const writer = new SqliteConnection(path, 'writer');
  const log = path === memory ? undefined : new WriteAheadLog(path);
  try {
    await migrate(new LocalConnection(writer), path, migrations);
    await log?.sync();
    const reader = worker
      ? await WorkerConnection.open(path)
      : new LocalConnection(localReader(path, writer));
    return new SqliteDatabase({ writer, reader, keeper: new LogKeeper(log) });
  } catch (error) {
    log?.close();
    writer.close();
    throw error;
  }
}

const memory = ':memory:';

/** A database in memory is there for one connection only. */
function localReader(path: string, writer: SqliteConnection): SqliteConnection {
  return path === memory ? writer : new SqliteConnection(path, 'reader');
}
