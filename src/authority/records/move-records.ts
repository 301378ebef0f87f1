import { rename } from 'node:fs/promises';
import { syncDirectory } from '../../base/index.ts';
import { copyTables, type DatabasePlace } from '../../db/index.ts';
import { databasePath } from './authority-files.ts';
import { type AuthorityRecords, openRecords } from './authority-records.ts';
import { tables } from './records.ts';
import { authorityMigrations } from './schema.ts';

/** What is done with records that were copied, before they are the ones that count. */
export type Settle = (copy: AuthorityRecords, from: AuthorityRecords) => Promise<void>;

/**
 * Copies the records of an authority from its directory into another database, which is empty, and lets `settle` look at them
 * and say that they are there now. For whoever holds the lock of the home. The file stays, under another name, which is given:
 * nothing is to be recorded in two places.
 *
 * @throws HoldfastError `database_refused` when it is not empty, and the errors of both databases
 */
export async function moveRecords(
  directory: string,
  to: DatabasePlace,
  settle: Settle = async () => {},
): Promise<string> {
  const path = databasePath(directory);
  {
    await using from = await openRecords(directory);
    await copyTables({ from: { kind: 'sqlite', path }, to, migrations: authorityMigrations, tables });
    await using copy = await openRecords(directory, { database: to });
    await settle(copy, from);
  }
  const aside = `${path}.moved`;
  await rename(path, aside);
  await syncDirectory(directory);
  return aside;
}
