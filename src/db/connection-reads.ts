import type { Connection } from './connection.ts';
import type { Reads, Row, SqlValue } from './database.ts';

/** What can be read on a connection. */
export class ConnectionReads implements Reads {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  all<T = Row>(sql: string, ...params: readonly SqlValue[]): Promise<T[]> {
    return this.#connection.execute({ method: 'all', sql, params }) as Promise<T[]>;
  }

  get<T = Row>(sql: string, ...params: readonly SqlValue[]): Promise<T | undefined> {
    return this.#connection.execute({ method: 'get', sql, params }) as Promise<T | undefined>;
  }
}
