import {
  type Command,
  type Connection,
  ConnectionReads,
  type Engine,
  type Member,
  type Reads,
} from '../database.ts';
import { type Migration, type MigrationWords, migrate } from '../migrate.ts';
import { SqliteConnection } from './connection.ts';
import { commitGroup } from './group.ts';
import { LogKeeper, WriteAheadLog } from './log-keeper.ts';
import { WorkerConnection } from './worker-connection.ts';

/** What a database in a file is made of. */
interface SqliteParts {
  /** Alone in writing, in this thread: a statement takes a few microseconds, and no way to another thread. */
  readonly writer: SqliteConnection;
  /** For what is read outside of transactions, which may take long. */
  readonly reader: Connection;
  /** In this thread, for what must be answered at once; the same as `reader` where that is one of this thread. */
  readonly local: Connection;
  /** Brings what is written to the disk. */
  readonly keeper: LogKeeper;
}

/** SQLite as an engine: commits are synced by the keeper of the log, once for each group. */
export class SqliteEngine implements Engine {
  readonly #parts: SqliteParts;
  readonly committed: Reads;
  #failure: Error | undefined;

  constructor(parts: SqliteParts) {
    this.#parts = parts;
    this.committed = new ConnectionReads(parts.local);
  }

  async read(command: Command): Promise<unknown> {
    if (this.#failure !== undefined) throw this.#failure;
    const { keeper, reader } = this.#parts;
    return await keeper.reading(reader.execute(command));
  }

  async commit(waiting: readonly Member[], onDurable: () => Promise<void>): Promise<readonly Member[]> {
    if (this.#failure !== undefined) return giveUp(waiting, this.#failure);
    const { keeper, reader, writer } = this.#parts;
    const rest = await commitGroup(writer, waiting, async () => {
      await this.#sync();
      await onDurable();
    });
    await keeper.takeOver(reader);
    return rest;
  }

  async close(): Promise<void> {
    const { reader, local, keeper, writer } = this.#parts;
    await local.close();
    await reader.close();
    keeper.close();
    writer.close();
  }

  async #sync(): Promise<void> {
    try {
      await this.#parts.keeper.sync();
    } catch (error) {
      // What was committed is there to be seen and may be lost all the same, so nothing is built upon it.
      this.#failure = error as Error;
      throw error;
    }
  }
}

function giveUp(waiting: readonly Member[], failure: Error): readonly Member[] {
  for (const member of waiting) member.reject(failure);
  return [];
}

interface SqliteOptions {
  readonly path: string;
  readonly migrations: readonly Migration[];
  readonly worker: boolean;
}

const words: MigrationWords = {
  kind: 'sqlite',
  begin: 'BEGIN IMMEDIATE',
  createTable:
    'CREATE TABLE IF NOT EXISTS migrations (owner TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (owner, version)) STRICT',
};

/** Opens the file at `path` in the schema of this program. Errors as those of {@link openDatabase}. */
export async function openSqlite({ path, migrations, worker }: SqliteOptions): Promise<SqliteEngine> {
  const writer = new SqliteConnection(path, 'writer');
  const log = new WriteAheadLog(path);
  try {
    await migrate({ connection: new LocalConnection(writer), name: path, words }, migrations);
    await log.sync();
    const local = new LocalConnection(new SqliteConnection(path, 'reader'));
    const reader = worker ? await WorkerConnection.open(path) : local;
    return new SqliteEngine({ writer, reader, local, keeper: new LogKeeper(log) });
  } catch (error) {
    log.close();
    writer.close();
    throw error;
  }
}

/** A connection in the caller's own thread: simplest, for commands that do one thing and end. */
export class LocalConnection implements Connection {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async execute(command: Command): Promise<unknown> {
    return this.#connection.execute(command);
  }

  async close(): Promise<void> {
    this.#connection.close();
  }
}
