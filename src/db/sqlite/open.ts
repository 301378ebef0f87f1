import { type Migration, type MigrationWords, migrate } from '../migrate.ts';
import { SqliteConnection } from './connection.ts';
import { SqliteEngine } from './engine.ts';
import { LocalConnection } from './local-connection.ts';
import { LogKeeper } from './log-keeper.ts';
import { WorkerConnection } from './worker-connection.ts';
import { WriteAheadLog } from './write-ahead-log.ts';

interface SqliteOptions {
  readonly path: string;
  readonly migrations: readonly Migration[];
  readonly worker: boolean;
}

const words: MigrationWords = {
  kind: 'sqlite',
  begin: 'BEGIN IMMEDIATE',
  createTable:
    'CREATE TABLE IF NOT EXISTS migrations (owner TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (owner, version)) STRICT',
};

/** Opens the file at `path` in the schema of this program. Errors as those of {@link openDatabase}. */
export async function openSqlite({ path, migrations, worker }: SqliteOptions): Promise<SqliteEngine> {
  const writer = new SqliteConnection(path, 'writer');
  const log = new WriteAheadLog(path);
  try {
    await migrate({ connection: new LocalConnection(writer), name: path, words }, migrations);
    await log.sync();
    const local = new LocalConnection(new SqliteConnection(path, 'reader'));
    const reader = worker ? await WorkerConnection.open(path) : local;
    return new SqliteEngine({ writer, reader, local, keeper: new LogKeeper(log) });
  } catch (error) {
    log.close();
    writer.close();
    throw error;
  }
}
