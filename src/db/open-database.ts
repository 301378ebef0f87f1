import type { Secret } from '../base/index.ts';
import type { Database } from './database.ts';
import type { Engine } from './engine.ts';
import type { Migration } from './migrate.ts';
import { openPostgres } from './postgres/engine.ts';
import { QueuedDatabase } from './queued-database.ts';
import { openSqlite } from './sqlite/engine.ts';

/** Where a database is: a file of this machine, created when it is not there, or a database of PostgreSQL, by its URL. */
export type DatabasePlace =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: Secret<string> };

/** Which database, and how. */
export interface DatabaseOptions {
  readonly place: DatabasePlace;
  /** Every step of every owner, in the order they are to be applied. */
  readonly migrations: readonly Migration[];
  /**
   * Of a file: read in a thread of its own what is read outside of transactions; what a server wants. The same behaviour
   * either way.
   */
  readonly worker?: boolean;
}

/**
 * Opens a database and brings it to the schema of this program. Errors: `database_newer`, `database_damaged`,
 * `storage_full`, `storage_failed`; of a file `database_busy`; of PostgreSQL `database_unreachable`, `database_in_use`,
 * `database_refused`, `tls_failed`, `settings_invalid`. After any of them the database is as it was.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  return new QueuedDatabase(await openEngine(options));
}

async function openEngine({ place, migrations, worker = false }: DatabaseOptions): Promise<Engine> {
  return place.kind === 'sqlite'
    ? await openSqlite({ path: place.path, migrations, worker })
    : await openPostgres(place.url, migrations);
}
