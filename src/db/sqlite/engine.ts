import {
  type Command,
  type Connection,
  ConnectionReads,
  type Engine,
  type Member,
  type Reads,
  Transaction,
} from '../database.ts';
import { type Migration, type MigrationWords, migrate } from '../migrate.ts';
import { SqliteConnection } from './connection.ts';
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

/**
 * Runs transactions one after the other and commits them as one, so that they share the way to the disk; gives those it
 * has not come to. One that fails is undone alone, and when it had changed anything the group ends with it. They are told
 * only after `durable` has resolved; when the commit or `durable` fails all of them fail, since none is on record then.
 */
async function commitGroup(
  connection: SqliteConnection,
  waiting: readonly Member[],
  durable: () => Promise<void>,
): Promise<readonly Member[]> {
  const group = new Group(connection);
  try {
    group.begin();
    const rest = await group.perform(waiting);
    await group.commit(durable);
    return rest;
  } catch (error) {
    group.fail(waiting, error);
    return [];
  }
}

class Group {
  readonly #connection: SqliteConnection;
  /** Tells each member how it ended. */
  readonly #outcomes: (() => void)[] = [];
  /** What the members that went well have changed. */
  readonly #changes: Command[] = [];

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  begin(): void {
    this.#statement('BEGIN IMMEDIATE');
  }

  async perform(waiting: readonly Member[]): Promise<readonly Member[]> {
    for (const [index, member] of waiting.entries()) {
      if (!(await this.#performMember(member))) return waiting.slice(index + 1);
    }
    return [];
  }

  async commit(durable: () => Promise<void>): Promise<void> {
    this.#statement('COMMIT');
    if (this.#changes.length > 0) await durable();
    for (const tell of this.#outcomes) tell();
  }

  fail(waiting: readonly Member[], error: unknown): void {
    // SQLite may have rolled back already (a full disk does that); then there is nothing left to undo.
    if (this.#connection.isInTransaction) this.#statement('ROLLBACK');
    for (const member of waiting) member.reject(error);
  }

  /** False when the group has to end here. */
  async #performMember(member: Member): Promise<boolean> {
    const transaction = new Transaction((command) => this.#connection.execute(command));
    try {
      const value = await member.perform(transaction);
      transaction.end();
      this.#changes.push(...transaction.changes);
      this.#outcomes.push(() => member.resolve(value));
      return true;
    } catch (error) {
      transaction.end();
      if (!this.#connection.isInTransaction) throw error;
      this.#outcomes.push(() => member.reject(error));
      if (transaction.changes.length === 0) return true;
      this.#undoLast();
      return false;
    }
  }

  /**
   * Undoes all, and does again what the others have changed: upon the same rows, so with the same result. A savepoint for
   * each member would cost those that go well as much again as what they write.
   */
  #undoLast(): void {
    this.#statement('ROLLBACK');
    this.#statement('BEGIN IMMEDIATE');
    for (const command of this.#changes) this.#connection.execute(command);
  }

  #statement(sql: string): void {
    this.#connection.execute({ method: 'run', sql, params: [] });
  }
}
