import { rename, stat } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { syncDirectory, systemErrorCode } from '../../base/index.ts';
import { copyTables, type DatabaseLocation, foldLog } from '../../db/index.ts';
import { databasePath, movedPaths } from './authority-files.ts';
import { type AuthorityRecords, openRecords, readRecordsIn } from './authority-records.ts';
import { type Records, tables } from './records.ts';
import { authorityMigrations } from './schema.ts';

/** What is done with records that were copied. */
export interface MoveSteps {
  /** Looks at them. */
  readonly check?: (copy: AuthorityRecords, from: AuthorityRecords) => Promise<void>;
  /** Says, durably, that they are there now. */
  readonly settle?: () => Promise<void>;
}

/**
 * Copies the records of an authority from its directory into another database, which is empty or has that copy. For whoever holds the lock of
 * the home. The file stays, under another name, which is given: it has that name before anything says where the records
 * are, so that nothing is ever recorded in two places.
 *
 * @throws HoldfastError `database_refused` when it is not empty, and the errors of both databases
 */
export async function moveRecords(
  directory: string,
  to: DatabaseLocation,
  { check, settle }: MoveSteps = {},
): Promise<string> {
  const path = databasePath(directory);
  {
    await using from = await openRecords(directory);
    // Cut short after it had copied all, it is said again with the same database.
    if (!(await hasCopy(from, directory, to)))
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

/**
 * Ends a move that was cut short when everything had been copied, wherever it left the file; `to` is what was copied into.
 * Gives false, and leaves all as it is, where the two are not the same.
 */
export async function finishMove(directory: string, to: AuthorityRecords): Promise<boolean> {
  const { moving, moved } = movedPaths(directory);
  for (const path of [databasePath(directory), moving, moved]) {
    const there = await stat(path).catch(unlessMissing);
    if (there === undefined) continue;
    if (!(await readRecordsIn(path, (from) => isCopy(to, from)))) return false;
    foldLog(path);
    if (path !== moved) await moveFile(path, moved, directory);
    return true;
  }
  return false;
}

async function hasCopy(from: Records, directory: string, to: DatabaseLocation): Promise<boolean> {
  await using copy = await openRecords(directory, { database: to });
  return await isCopy(copy, from);
}

/** Whether they have the same log, and as many rows of everything. */
async function isCopy(copy: Records, from: Records): Promise<boolean> {
  const [last, lastBefore] = [await copy.log.last(), await from.log.last()];
  return last?.record === lastBefore?.record && isDeepStrictEqual(await copy.counts(), await from.counts());
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

function unlessMissing(error: unknown): undefined {
  if (systemErrorCode(error) !== 'ENOENT') throw error;
  return undefined;
}
