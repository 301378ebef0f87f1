import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError, systemErrorCode } from '../../base/index.ts';

/** Where the authority's things are in a home. */
export function authorityDirectory(home: string): string {
  return join(home, 'authority');
}

/** The database in an authority's directory; its keystore lies beside it. */
export function databasePath(directory: string): string {
  return join(directory, 'authority.db');
}

/** Where that file lies while its records are moved to another database, and from then on. */
export function movedPaths(directory: string): { readonly moving: string; readonly moved: string } {
  const path = databasePath(directory);
  return { moving: `${path}.moving`, moved: `${path}.moved` };
}

/**
 * The database in the directory of an authority that is there. SQLite would take an empty file for a new one, and write
 * into what a crash of the disk has left.
 *
 * @throws HoldfastError `authority_damaged` when it is missing or empty, `settings_invalid` when its records are in another
 *   database that the settings do not name
 */
export async function existingDatabase(directory: string): Promise<string> {
  const path = databasePath(directory);
  const size = await sizeOf(path);
  if (size === undefined) throw await whyMissing(directory);
  if (size === 0) throw authorityDamaged(`${path} is empty: 0 bytes, where all records were`);
  return path;
}

async function whyMissing(directory: string): Promise<HoldfastError> {
  const { moving, moved } = movedPaths(directory);
  if ((await sizeOf(moving)) !== undefined)
    return wasMoved('a move of the records to a database was cut short', moveAgain);
  if ((await sizeOf(moved)) !== undefined)
    return wasMoved('the records of this authority are in a database, and the settings name none', nameIt);
  return authorityDamaged(`${databasePath(directory)} is missing`);
}

const moveAgain = 'say it again, with the same database: holdfast db migrate --to URL';
const nameIt =
  'put back what holdfast.toml had as url under [database]; the file of before does not know what came after';

function wasMoved(problem: string, hint: string): HoldfastError {
  return new HoldfastError('settings_invalid', problem, { hint });
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** That what is kept of an authority does not fit together. */
export function authorityDamaged(problem: string): HoldfastError {
  return new HoldfastError('authority_damaged', `the authority is damaged: ${problem}`, {
    hint: 'keep the home as it is and restore the newest backup of the authority',
  });
}
