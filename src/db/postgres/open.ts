import type { Secret } from '../../base/index.ts';
import { type Migration, type MigrationWords, migrate } from '../migrate.ts';
import { PostgresEngine } from './engine.ts';
import { parsePostgresUrl } from './place.ts';
import { Writer } from './writer.ts';

const words: MigrationWords = {
  kind: 'postgres',
  // Whoever has the lock of the database is alone.
  begin: 'BEGIN',
  createTable:
    'CREATE TABLE IF NOT EXISTS migrations (owner text NOT NULL, version integer NOT NULL, PRIMARY KEY (owner, version))',
};

/** Opens the database of a URL in the schema of this program. Errors as those of {@link openDatabase}. */
export async function openPostgres(
  url: Secret<string>,
  migrations: readonly Migration[],
): Promise<PostgresEngine> {
  const place = parsePostgresUrl(url);
  const writer = new Writer(place);
  try {
    await migrate({ connection: await writer.connected(), name: place.name, words }, migrations);
    return new PostgresEngine(writer, place);
  } catch (error) {
    await writer.close();
    throw error;
  }
}
