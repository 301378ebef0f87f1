import { copyTables, type Database, type DatabasePlace, snapshotDatabase } from '../../db/index.ts';
import { readOnly } from './read-only.ts';
import { Records } from './records.ts';
import { authorityMigrations } from './schema.ts';
import { tables } from './tables.ts';

/**
 * The database of an authority: what it reads sees every change that was asked for before, and a change is on the disk
 * when its promise resolves. Errors: those of a {@link Database}.
 */
export class AuthorityRecords extends Records implements AsyncDisposable {
  /** What is committed, without waiting for anything: for questions that cannot wait. */
  readonly committed: Records;
  readonly #database: Database;
  readonly #place: DatabasePlace;

  constructor(database: Database, place: DatabasePlace) {
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

  /** How many rows each table has. */
  async counts(): Promise<Readonly<Record<string, number>>> {
    const counted = await Promise.all(
      tables.map(async (table) => {
        const row = await this.#database.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`);
        return [table, row?.n ?? 0] as const;
      }),
    );
    return Object.fromEntries(counted);
  }

  /** Waits for what was asked before, then closes. */
  close(): Promise<void> {
    return this.#database.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
