import type { Command, Connection } from '../connection.ts';
import type { SqliteConnection } from './connection.ts';

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
