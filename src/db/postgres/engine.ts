import { isHoldfastError, type Secret } from '../../base/index.ts';
import { type Command, ConnectionReads, type Engine, type Member, type Reads } from '../database.ts';
import { type Migration, type MigrationWords, migrate } from '../migrate.ts';
import { commitGroup } from './group.ts';
import { type PostgresPlace, parsePostgresUrl } from './place.ts';
import { ReadingLine, Writer } from './writer.ts';

/** For what is read outside of transactions and may take long. */
const readingLines = 3;

/** Comes again until those who listen have heard of what may have come on record without a word to anybody. */
const nobody: Member = { perform: async () => undefined, resolve: () => undefined, reject: () => undefined };

/** PostgreSQL as an engine: one connection writes, some read, and one answers at once because nothing on it takes long. */
class PostgresEngine implements Engine {
  readonly #writer: Writer;
  readonly #readers: readonly ReadingLine[];
  readonly #local: ReadingLine;
  readonly committed: Reads;
  #isClosed = false;

  constructor(writer: Writer, place: PostgresPlace) {
    this.#writer = writer;
    this.#readers = Array.from({ length: readingLines }, () => new ReadingLine(place));
    this.#local = new ReadingLine(place);
    this.committed = new ConnectionReads(this.#local);
  }

  async read(command: Command): Promise<unknown> {
    const idlest = this.#readers.toSorted((one, other) => one.waiting - other.waiting)[0];
    return await idlest?.execute(command);
  }

  async commit(waiting: readonly Member[], onDurable: () => Promise<void>): Promise<readonly Member[]> {
    const failure = await commitGroup(this.#writer, waiting, onDurable);
    const isAway = isHoldfastError(failure, 'database_unreachable');
    return isAway && this.#writer.hasUntold && !this.#isClosed ? [nobody] : [];
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const all = [this.#writer, this.#local, ...this.#readers];
    await Promise.all(all.map((connection) => connection.close()));
  }
}

const words: MigrationWords = {
  kind: 'postgres',
  // Whoever has the lock of the database is alone.
  begin: 'BEGIN',
  createTable:
    'CREATE TABLE IF NOT EXISTS migrations (owner text NOT NULL, version integer NOT NULL, PRIMARY KEY (owner, version))',
};

/** Opens the database of a URL in the schema of this program. Errors as those of {@link openDatabase}. */
export async function openPostgres(
  url: Secret<string>,
  migrations: readonly Migration[],
): Promise<PostgresEngine> {
  const place = parsePostgresUrl(url);
  const writer = new Writer(place);
  try {
    await migrate({ connection: await writer.connected(), name: place.name, words }, migrations);
    return new PostgresEngine(writer, place);
  } catch (error) {
    await writer.close();
    throw error;
  }
}
