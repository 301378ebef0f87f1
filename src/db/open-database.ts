import type { Database } from './database.ts';
import type { Migration } from './migrate.ts';
import { QueuedDatabase } from './queued-database.ts';
import { openSqlite } from './sqlite/open.ts';

/** Where a database is: a file of this machine, created when it is not there. */
export interface DatabasePlace {
  readonly kind: 'sqlite';
  readonly path: string;
}

/** Which database, and how. */
export interface DatabaseOptions {
  readonly place: DatabasePlace;
  /** Every step of every owner, in the order they are to be applied. */
  readonly migrations: readonly Migration[];
  /** Read in a thread of its own what is read outside of transactions; what a server wants. The same behaviour either way. */
  readonly worker?: boolean;
}

/**
 * Opens a database and brings it to the schema of this program. Errors: `database_newer`, `database_damaged`,
 * `database_busy`, `storage_full`, `storage_failed`; after any of them the file is as it was.
 */
export async function openDatabase({
  place,
  migrations,
  worker = false,
}: DatabaseOptions): Promise<Database> {
  return new QueuedDatabase(await openSqlite({ path: place.path, migrations, worker }));
}
