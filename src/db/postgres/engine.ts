import type { Command } from '../connection.ts';
import { ConnectionReads } from '../connection-reads.ts';
import type { Reads } from '../database.ts';
import type { Engine, Member } from '../engine.ts';
import { commitGroup } from './group.ts';
import type { PostgresPlace } from './place.ts';
import { ReadingLine } from './reading-line.ts';
import type { Writer } from './writer.ts';

/** For what is read outside of transactions and may take long. */
const readingLines = 3;

/** PostgreSQL as an engine: one connection writes, some read, and one answers at once because nothing on it takes long. */
export class PostgresEngine implements Engine {
  readonly #writer: Writer;
  readonly #readers: readonly ReadingLine[];
  readonly #local: ReadingLine;
  readonly committed: Reads;

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
    await commitGroup(this.#writer, waiting, onDurable);
    return [];
  }

  async close(): Promise<void> {
    const all = [this.#writer, this.#local, ...this.#readers];
    await Promise.all(all.map((connection) => connection.close()));
  }
}
