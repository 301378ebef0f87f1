import { setTimeout as wait } from 'node:timers/promises';
import { isHoldfastError } from '../../base/index.ts';
import type { Command, Connection } from '../engine.ts';
import { PostgresConnection } from './connection.ts';
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

/** Between one try and the next: five seconds in all, in which a server has restarted. */
const delaysMs = [20, 50, 100, 200, 400, 800, 1000, 1200, 1200];

/** Does `work` again while the database cannot be reached, for five seconds at most; the last error is the one thrown. */
export async function untilReached<T>(work: () => Promise<T>): Promise<T> {
  for (const delayMs of delaysMs) {
    try {
      return await work();
    } catch (error) {
      if (!isHoldfastError(error, 'database_unreachable')) throw error;
      await wait(delayMs);
    }
  }
  return await work();
}
