import type { SqliteConnection } from './sqlite-connection.ts';
import { Transaction } from './transaction.ts';

/** A transaction that waits for its turn: its work, and whom to tell how it ended. */
export interface Member {
  /** Runs the work with the handle; what it gives is the member's result. */
  perform(transaction: Transaction): Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** How a member's work ended, to be told when the group is on the disk. */
type Outcome = { readonly value: unknown } | { readonly error: unknown };

/**
 * Runs transactions one after the other and commits them as one, so that they share the way to the disk. Each is a
 * savepoint: one that fails is undone alone. They are told only after `durable` has resolved; when the commit or `durable`
 * fails all of them fail, since none is on record then.
 */
export async function commitGroup(
  connection: SqliteConnection,
  group: readonly Member[],
  durable: () => Promise<void>,
): Promise<void> {
  try {
    statement(connection, 'BEGIN IMMEDIATE');
    const outcomes: Outcome[] = [];
    for (const member of group) outcomes.push(await performMember(connection, member));
    statement(connection, 'COMMIT');
    await durable();
    group.forEach((member, index) => tell(member, outcomes[index]));
  } catch (error) {
    if (connection.isInTransaction) statement(connection, 'ROLLBACK');
    for (const member of group) member.reject(error);
  }
}

async function performMember(connection: SqliteConnection, member: Member): Promise<Outcome> {
  const transaction = new Transaction(connection);
  statement(connection, 'SAVEPOINT member');
  try {
    const value = await member.perform(transaction);
    transaction.end();
    statement(connection, 'RELEASE member');
    return { value };
  } catch (error) {
    transaction.end();
    // A full disk ends the whole transaction; then those before this one are undone too.
    if (!connection.isInTransaction) throw error;
    statement(connection, 'ROLLBACK TO member');
    statement(connection, 'RELEASE member');
    return { error };
  }
}

function tell(member: Member, outcome: Outcome | undefined): void {
  if (outcome === undefined) throw new TypeError('a member without an outcome');
  if ('error' in outcome) member.reject(outcome.error);
  else member.resolve(outcome.value);
}

function statement(connection: SqliteConnection, sql: string): void {
  connection.execute({ method: 'run', sql, params: [] });
}
