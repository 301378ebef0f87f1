import { type Command, type Member, Transaction } from '../database.ts';
import type { SqliteConnection } from './connection.ts';

/**
 * Runs transactions one after the other and commits them as one, so that they share the way to the disk; gives those it
 * has not come to. One that fails is undone alone, and when it had changed anything the group ends with it. They are told
 * only after `durable` has resolved; when the commit or `durable` fails all of them fail, since none is on record then.
 */
export async function commitGroup(
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
