import type { SqlValue } from './database.ts';

/** One thing to do on a connection. `exec` runs a script of several statements without parameters. */
export interface Command {
  readonly method: 'all' | 'get' | 'run' | 'exec';
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

/** One connection to a database, wherever it lives. Commands run in the order they are given. */
export interface Connection {
  execute(command: Command): Promise<unknown>;
  close(): Promise<void>;
}
