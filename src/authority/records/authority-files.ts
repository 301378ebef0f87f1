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

/**
 * The database in the directory of an authority that is there. SQLite would take an empty file for a new one, and write
 * into what a crash of the disk has left.
 *
 * @throws HoldfastError `authority_damaged` when it is missing or empty
 */
export async function existingDatabase(directory: string): Promise<string> {
  const path = databasePath(directory);
  const size = await stat(path).then(
    (found) => found.size,
    (error: unknown) => {
      if (systemErrorCode(error) === 'ENOENT') throw authorityDamaged(`${path} is missing`);
      throw error;
    },
  );
  if (size === 0) throw authorityDamaged(`${path} is empty: 0 bytes, where all records were`);
  return path;
}

/** That what is kept of an authority does not fit together. */
export function authorityDamaged(problem: string): HoldfastError {
  return new HoldfastError('authority_damaged', `the authority is damaged: ${problem}`, {
    hint: 'keep the home as it is and restore the newest backup of the authority',
  });
}
