import type { Command } from './connection.ts';
import type { Reads } from './database.ts';
import type { Transaction } from './transaction.ts';

/** A transaction that waits for its turn: its work, and whom to tell how it ended. */
export interface Member {
  /** Runs the work with the handle; what it gives is the member's result. */
  perform(transaction: Transaction): Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** What each kind of database does in its own way; {@link QueuedDatabase} does the rest. */
export interface Engine {
  /** Sees what is committed, and waits for nobody. */
  readonly committed: Reads;
  /** Answers what is asked outside of transactions. */
  read(command: Command): Promise<unknown>;
  /**
   * Runs transactions one after the other and commits them as one; gives those it has not come to. A member is told how
   * it ended when that is on the disk, and after `onDurable` has resolved, which is when something was changed.
   */
  commit(waiting: readonly Member[], onDurable: () => Promise<void>): Promise<readonly Member[]>;
  close(): Promise<void>;
}
