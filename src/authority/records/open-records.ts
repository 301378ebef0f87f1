import { CommittedReader, type DatabasePlace, openDatabase } from '../../db/index.ts';
import { databasePath } from './authority-files.ts';
import { AuthorityRecords } from './authority-records.ts';
import { readOnly } from './read-only.ts';
import { Records } from './records.ts';
import { authorityMigrations } from './schema.ts';

/** How records are opened. */
export interface RecordsOptions {
  /** Read in a thread of its own, which a server wants. */
  readonly worker?: boolean;
  /** Where they are; in a file of the authority's directory unless said. */
  readonly database?: DatabasePlace;
}

/**
 * Opens the records of an authority, by its directory, and brings them to the schema of this program; makes them where there
 * are none. `worker` reads in a thread of its own, which a server wants. Errors: those of `openDatabase`
 */
export async function openRecords(
  directory: string,
  { worker = false, database }: RecordsOptions = {},
): Promise<AuthorityRecords> {
  const place = database ?? { kind: 'sqlite', path: databasePath(directory) };
  return new AuthorityRecords(await openDatabase({ place, migrations: authorityMigrations, worker }), place);
}

/** Reads the records in a file that nobody writes to, as it is, in the schema of its time. */
export async function readRecordsIn<T>(path: string, work: (records: Records) => Promise<T>): Promise<T> {
  using reads = new CommittedReader(path);
  return await work(new Records(readOnly(reads)));
}
