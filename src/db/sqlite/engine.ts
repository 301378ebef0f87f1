import type { Command, Connection } from '../connection.ts';
import { ConnectionReads } from '../connection-reads.ts';
import type { Reads } from '../database.ts';
import type { Engine, Member } from '../engine.ts';
import type { SqliteConnection } from './connection.ts';
import { commitGroup } from './group.ts';
import type { LogKeeper } from './log-keeper.ts';

/** What a database in a file is made of. */
export interface SqliteParts {
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
