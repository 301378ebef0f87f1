import {
  CommittedReader,
  copyTables,
  type Database,
  type DatabaseLocation,
  openDatabase,
  type Queries,
  type Reads,
  snapshotDatabase,
} from '../../db/index.ts';
import { databasePath } from './authority-files.ts';
import { Records, tables } from './records.ts';
import { authorityMigrations } from './schema.ts';

/**
 * The database of an authority: what it reads sees every change that was asked for before, and a change is on the disk
 * when its promise resolves. Errors: those of a {@link Database}.
 */
export class AuthorityRecords extends Records implements AsyncDisposable {
  /** What is committed, without waiting for anything: for questions that cannot wait. */
  readonly committed: Records;
  readonly #database: Database;
  readonly #place: DatabaseLocation;

  constructor(database: Database, place: DatabaseLocation) {
    super(database);
    this.#database = database;
    this.#place = place;
    this.committed = new Records(readOnly(database.committed));
  }

  /** Runs `work` as one unit. Inside, only its own records are used. See {@link Database.transaction}. */
  transaction<T>(work: (tx: Records) => Promise<T> | T): Promise<T> {
    return this.#database.transaction((tx) => work(new Records(tx)));
  }

  /** See {@link Database.onDurable}. */
  onDurable(listener: () => Promise<void>): () => void {
    return this.#database.onDurable(listener);
  }

  /** Copies what is committed at one moment into a file that is not there yet, whatever kind of database it is in. */
  async copyTo(target: string): Promise<void> {
    const from = this.#place;
    if (from.kind === 'sqlite') return await snapshotDatabase({ path: from.path, target });
    await copyTables({ from, to: { kind: 'sqlite', path: target }, migrations: authorityMigrations, tables });
  }

  /** Waits for what was asked before, then closes. */
  close(): Promise<void> {
    return this.#database.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** How records are opened. */
export interface RecordsOptions {
  /** Read in a thread of its own, which a server wants. */
  readonly worker?: boolean;
  /** Where they are; in a file of the authority's directory unless said. */
  readonly database?: DatabaseLocation;
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

/** What can be read, for whoever is given records that are not to be changed. */
function readOnly(reads: Reads): Queries {
  return {
    all: (sql, ...params) => reads.all(sql, ...params),
    get: (sql, ...params) => reads.get(sql, ...params),
    run: () => Promise.reject(new TypeError('these records are for reading')),
  };
}
