import { type HoldfastError, isHoldfastError } from '../../base/index.ts';
import type { DatabasePlace } from '../../db/index.ts';
import { authorityExists, buildAuthority } from '../opening/build-authority.ts';
import { lockHome } from '../opening/home-lock.ts';
import { hasAuthority } from '../opening/open-authority.ts';
import { moveRecords } from '../records/move-records.ts';
import { openRecords } from '../records/open-records.ts';
import { type CatchUpOrder, type CaughtUp, catchUp } from './catch-up.ts';
import type { AuthorityKeys } from './read-p12.ts';
import { type StageOptions, stagePkcs12 } from './stage-p12.ts';

/** Where an authority is to be made from keys alone, and what it is to know of what it issued before. */
export interface Pkcs12Restore extends StageOptions, CatchUpOrder {
  /** A home without an authority. */
  readonly home: string;
  /** Where its records are to be; in a file of the home unless said. */
  readonly database?: DatabasePlace;
}

/**
 * Makes the authority of a home from keys and certificates; see {@link stagePkcs12}. It learns from a mirror of its log
 * what it issued and revoked, or it is said that the log is lost; otherwise it is there and waits, as the error that is
 * returned says. Whatever goes wrong, the home is as it was.
 *
 * @throws HoldfastError `home_exists`, `home_in_use`
 */
export async function restorePkcs12(
  authority: AuthorityKeys,
  restore: Pkcs12Restore,
): Promise<CaughtUp | HoldfastError> {
  using _lock = await lockHome(restore.home);
  if (await hasAuthority(restore.home)) throw authorityExists(restore.home);
  return await buildAuthority(restore.home, async (directory) => {
    await stagePkcs12(directory, authority, restore);
    const result = await caughtUp(directory, restore);
    if (restore.database !== undefined) await moveRecords(directory, restore.database);
    return result;
  });
}

async function caughtUp(directory: string, restore: Pkcs12Restore): Promise<CaughtUp | HoldfastError> {
  await using records = await openRecords(directory);
  try {
    return await catchUp(records, restore);
  } catch (error) {
    if (isHoldfastError(error, 'authority_restored')) return error;
    throw error;
  }
}
