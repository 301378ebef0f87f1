import { randomBytes } from 'node:crypto';
import { access, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HoldfastError, ownUser, syncDirectory, systemErrorCode } from '../../base/index.ts';
import { acquireProcessLock, type ProcessLock } from '../../db/index.ts';
import { authorityDirectory } from '../records/index.ts';

/**
 * Builds an authority's directory beside its place and moves it there when everything is on the disk: a crash leaves a
 * home without an authority, or one that is whole. For whoever holds the lock of the home.
 *
 * @param fill makes the directory it is given, and everything in it, durably
 */
export async function buildAuthority<T>(home: string, fill: (directory: string) => Promise<T>): Promise<T> {
  const final = authorityDirectory(home);
  await removeUnfinished(home);
  const directory = `${final}.new-${randomBytes(4).toString('hex')}`;
  try {
    const value = await fill(directory);
    await syncDirectory(directory);
    await rename(directory, final);
    await syncDirectory(home);
    return value;
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Moves to its place what was built beside it by a process that was killed before it could, when `isWhole` says so of it.
 * For whoever holds the lock of the home. Gives whether there was such a thing.
 */
export async function finishBuilding(
  home: string,
  isWhole: (directory: string) => Promise<boolean>,
): Promise<boolean> {
  const final = authorityDirectory(home);
  for (const directory of await unfinishedBuildings(home)) {
    if (!(await isWhole(directory))) continue;
    await rename(directory, final);
    await syncDirectory(home);
    return true;
  }
  return false;
}

/** Whether a home has an authority; one whose creation was cut short is none. */
export async function hasAuthority(home: string): Promise<boolean> {
  return await access(authorityDirectory(home)).then(
    () => true,
    (error: unknown) => {
      if (systemErrorCode(error) === 'ENOENT') return false;
      throw error;
    },
  );
}

/** That a home has an authority already. */
export function authorityExists(home: string): HoldfastError {
  return new HoldfastError('home_exists', `the home ${home} already has an authority`, {
    hint: 'holdfast serve runs it; name another home with --home DIR for another one',
  });
}

/** What buildings left that were cut short: keys that never signed anything for anybody. */
async function removeUnfinished(home: string): Promise<void> {
  for (const directory of await unfinishedBuildings(home)) await rm(directory, { recursive: true });
}

/** The directories that buildings left which were cut short. For whoever holds the lock of the home. */
export async function unfinishedBuildings(home: string): Promise<string[]> {
  const final = authorityDirectory(home);
  const names = await readdir(dirname(final));
  return names
    .filter((entry) => entry.startsWith(`${basename(final)}.new-`))
    .map((name) => join(dirname(final), name));
}

/**
 * Takes the right to write in a home, held until released and at the latest until this process ends.
 * @throws HoldfastError `home_in_use` with the process id, `home_missing`, `home_not_private`
 */
export async function lockHome(home: string): Promise<ProcessLock> {
  await checkHome(home);
  const lock = acquireProcessLock(join(home, 'lock.db'));
  if ('release' in lock) return lock;
  const who = lock.heldBy === undefined ? 'another process' : `process ${lock.heldBy}`;
  throw new HoldfastError('home_in_use', `the home ${home} is in use by ${who}`, {
    hint: 'wait until it has ended, or stop it; a server answers commands while it runs',
  });
}

async function checkHome(home: string): Promise<void> {
  const found = await stat(home).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined || !found.isDirectory()) {
    throw new HoldfastError('home_missing', `there is no home at ${home}`, { hint: 'holdfast up makes one' });
  }
  if ((found.mode & 0o077) === 0 || ownUser() === undefined) return;
  const mode = (found.mode & 0o777).toString(8);
  throw new HoldfastError(
    'home_not_private',
    `the home ${home} has mode ${mode}, expected 700: others can read it`,
    {
      hint: `chmod 700 ${home}`,
    },
  );
}
