import type { Command, Connection } from '../connection.ts';
import { PostgresConnection } from './connection.ts';
import { untilReached } from './patience.ts';
import type { PostgresPlace } from './place.ts';

/**
 * A connection that reads, made when it is needed and again when it was lost; what was asked then is asked again, since
 * reading twice changes nothing.
 */
export class ReadingLine implements Connection {
  readonly #place: PostgresPlace;
  #line: Promise<PostgresConnection> | undefined;
  #waiting = 0;

  constructor(place: PostgresPlace) {
    this.#place = place;
  }

  /** How many answers are waited for. */
  get waiting(): number {
    return this.#waiting;
  }

  async execute(command: Command): Promise<unknown> {
    this.#waiting += 1;
    try {
      return await untilReached(() => this.#ask(command));
    } finally {
      this.#waiting -= 1;
    }
  }

  async close(): Promise<void> {
    await (await this.#line?.catch(() => undefined))?.close();
  }

  async #ask(command: Command): Promise<unknown> {
    const line = (this.#line ??= PostgresConnection.open(this.#place, 'reader'));
    try {
      return await (await line).execute(command);
    } catch (error) {
      const isOpen = await line.then((connection) => !connection.isLost).catch(() => false);
      if (!isOpen && this.#line === line) this.#line = undefined;
      throw error;
    }
  }
}
