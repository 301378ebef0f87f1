import { rename } from 'node:fs/promises';
import { syncDirectory } from '../../base/index.ts';
import { copyTables, type DatabasePlace } from '../../db/index.ts';
import { databasePath } from '../authority-files.ts';
import { openRecords } from './open-records.ts';
import { authorityMigrations } from './schema.ts';
import { tables } from './tables.ts';

/**
 * Copies the records of an authority from its directory into another database, which is empty. For whoever holds the lock
 * of the home. The file stays, under the name `authority.db.moved`: nothing is to be recorded in two places.
 *
 * @throws HoldfastError `database_refused` when it is not empty, and the errors of both databases
 */
export async function moveRecords(directory: string, to: DatabasePlace): Promise<void> {
  const path = databasePath(directory);
  await (await openRecords(directory)).close();
  await copyTables({ from: { kind: 'sqlite', path }, to, migrations: authorityMigrations, tables });
  await rename(path, `${path}.moved`);
  await syncDirectory(directory);
}
