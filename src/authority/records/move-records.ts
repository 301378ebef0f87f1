import { rename } from 'node:fs/promises';
import { syncDirectory, systemErrorCode } from '../../base/index.ts';
import { copyTables, type DatabasePlace } from '../../db/index.ts';
import { databasePath, movedPaths } from './authority-files.ts';
import { type AuthorityRecords, openRecords } from './authority-records.ts';
import { tables } from './records.ts';
import { authorityMigrations } from './schema.ts';

/** What is done with records that were copied. */
export interface MoveSteps {
  /** Looks at them. */
  readonly check?: (copy: AuthorityRecords, from: AuthorityRecords) => Promise<void>;
  /** Says, durably, that they are there now. */
  readonly settle?: () => Promise<void>;
}

/**
 * Copies the records of an authority from its directory into another database, which is empty. For whoever holds the lock of
 * the home. The file stays, under another name, which is given: it has that name before anything says where the records
 * are, so that nothing is ever recorded in two places.
 *
 * @throws HoldfastError `database_refused` when it is not empty, and the errors of both databases
 */
export async function moveRecords(
  directory: string,
  to: DatabasePlace,
  { check, settle }: MoveSteps = {},
): Promise<string> {
  const path = databasePath(directory);
  {
    await using from = await openRecords(directory);
    await copyTables({ from: { kind: 'sqlite', path }, to, migrations: authorityMigrations, tables });
    await using copy = await openRecords(directory, { database: to });
    await check?.(copy, from);
  }
  const { moving, moved } = movedPaths(directory);
  await moveFile(path, moving, directory);
  try {
    await settle?.();
  } catch (error) {
    await moveFile(moving, path, directory);
    throw error;
  }
  await moveFile(moving, moved, directory);
  return moved;
}

/** Puts the file back that a move has left which was cut short before anything said where the records are. */
export async function takeBackRecords(directory: string): Promise<void> {
  await moveFile(movedPaths(directory).moving, databasePath(directory), directory).catch(unlessMissing);
}

/** Ends a move that was cut short after that. */
export async function endMove(directory: string): Promise<void> {
  const { moving, moved } = movedPaths(directory);
  await moveFile(moving, moved, directory).catch(unlessMissing);
}

async function moveFile(from: string, to: string, directory: string): Promise<void> {
  await rename(from, to);
  await syncDirectory(directory);
}

function unlessMissing(error: unknown): void {
  if (systemErrorCode(error) !== 'ENOENT') throw error;
}
