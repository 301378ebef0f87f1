import { join } from 'node:path';

/** Where the authority's things are in a home. */
export function authorityDirectory(home: string): string {
  return join(home, 'authority');
}

/** The database in an authority's directory; its keystore lies beside it. */
export function databasePath(directory: string): string {
  return join(directory, 'authority.db');
}
