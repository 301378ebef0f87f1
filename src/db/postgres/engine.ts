import { randomUUID } from 'node:crypto';
import { isHoldfastError, type Secret } from '../../base/index.ts';
import {
  type Command,
  ConnectionReads,
  type Engine,
  type Member,
  type Reads,
  type SqlValue,
  Transaction,
} from '../database.ts';
import { type Migration, type MigrationWords, migrate } from '../migrate.ts';
import type { PostgresConnection } from './connection.ts';
import { type PostgresParameters, parsePostgresUrl } from './connection-parameters.ts';
import { isRefusedStatement } from './error.ts';
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

  constructor(writer: Writer, place: PostgresParameters) {
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

/**
 * Runs transactions one after the other and commits them as one. One that fails is undone alone, to the savepoint before
 * it. They are told when the commit was acknowledged; when it was refused all of them fail. When its answer was lost, the
 * next connection is asked what became of it. Gives what failed all of them.
 */
async function commitGroup(
  writer: Writer,
  waiting: readonly Member[],
  onDurable: () => Promise<void>,
): Promise<unknown> {
  let connection: PostgresConnection | undefined;
  try {
    connection = await begin(writer);
    const group = new Group(connection);
    const outcomes = await group.perform(waiting);
    await group.commit(writer);
    if (group.hasChanged || writer.hasUntold) await writer.telling(onDurable);
    for (const tell of outcomes) tell();
    return undefined;
  } catch (error) {
    if (connection?.isLost === false) await connection.execute(command('ROLLBACK')).catch(() => undefined);
    for (const member of waiting) member.reject(error);
    return error;
  }
}

/** A connection may have been lost without a word; then nothing has begun, and another one is as good. */
async function begin(writer: Writer): Promise<PostgresConnection> {
  const connection = await writer.connected();
  try {
    await connection.execute(command('BEGIN'));
    return connection;
  } catch (error) {
    if (!connection.isLost) throw error;
    const next = await writer.connected();
    await next.execute(command('BEGIN'));
    return next;
  }
}

class Group {
  readonly #connection: PostgresConnection;
  #hasChanged = false;

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
  }

  /** Whether any member that went well has changed something. */
  get hasChanged(): boolean {
    return this.#hasChanged;
  }

  /** Gives what is to be told to each member, once the group is committed. */
  async perform(waiting: readonly Member[]): Promise<(() => void)[]> {
    const outcomes: (() => void)[] = [];
    for (const member of waiting) outcomes.push(await this.#performMember(member));
    return outcomes;
  }

  /** @throws HoldfastError `database_unreachable` that says whether it is on record, as far as that can be known */
  async commit(writer: Writer): Promise<void> {
    if (!this.#hasChanged) return void (await this.#connection.execute(command('COMMIT')));
    const mark = randomUUID();
    const marking = this.#connection.execute(command('UPDATE last_commit SET mark = ?', mark));
    const ending = this.#connection.execute(command('COMMIT'));
    try {
      await Promise.all([marking, ending]);
      writer.hasCommitted(mark);
    } catch (error) {
      if (isRefusedStatement(error)) throw error;
      await writer.checkCommitted(mark, error);
    }
  }

  async #performMember(member: Member): Promise<() => void> {
    const part = new Part(this.#connection);
    const transaction = new Transaction((asked) => part.execute(asked));
    try {
      const value = await member.perform(transaction);
      transaction.end();
      part.keep();
      this.#hasChanged ||= transaction.changes.length > 0;
      return () => member.resolve(value);
    } catch (error) {
      transaction.end();
      part.undo();
      return () => member.reject(error);
    }
  }
}

/** What one member does, from a savepoint on that is set with its first statement. */
class Part {
  readonly #connection: PostgresConnection;
  #isBegun = false;
  #failure: unknown;

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
  }

  async execute(asked: Command): Promise<unknown> {
    if (!this.#isBegun) this.#say('SAVEPOINT member');
    this.#isBegun = true;
    try {
      return await this.#connection.execute(asked);
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
  }

  /** After a statement that was refused PostgreSQL does no other one, whatever the work has made of it. */
  keep(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isBegun) this.#say('RELEASE SAVEPOINT member');
  }

  undo(): void {
    if (!this.#isBegun) return;
    this.#say('ROLLBACK TO SAVEPOINT member');
    this.#say('RELEASE SAVEPOINT member');
  }

  /** Its answer is not waited for: when it fails, what comes after it fails too, the commit at the latest. */
  #say(sql: string): void {
    this.#connection.execute(command(sql)).catch(() => undefined);
  }
}

function command(sql: string, ...params: SqlValue[]): Command {
  return { method: 'run', sql, params };
}
