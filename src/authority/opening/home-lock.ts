import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError, systemErrorCode } from '../../base/index.ts';
import { acquireProcessLock, type ProcessLock } from '../../db/index.ts';

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
  if ((found.mode & 0o077) === 0 || process.getuid === undefined) return;
  const mode = (found.mode & 0o777).toString(8);
  throw new HoldfastError(
    'home_not_private',
    `the home ${home} has mode ${mode}, expected 700: others can read it`,
    {
      hint: `chmod 700 ${home}`,
    },
  );
}
