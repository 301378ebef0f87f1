import { readdir, rm, rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Keystore } from '../../trust/index.ts';
import { checkHome, createHome, formatFile, type Home } from './home.ts';

/**
 * Gives `work` the home at `path`, made when there is none. When the work fails and has left nothing in a home that was
 * made for it, that home is taken back.
 */
export async function withHome<T>(path: string, work: (home: Home) => Promise<T>): Promise<T> {
  const before = await checkHome(path);
  const home = await createHome(path);
  try {
    return await work(home);
  } catch (error) {
    if (before !== 'used' && (await holdsNothing(home))) await takeBack(home, before);
    throw error;
  }
}

/** A keystore without entries is nothing; one with a key whose certificate may be on its way is not. */
async function holdsNothing(home: Home): Promise<boolean> {
  const names = await readdir(home.path);
  if (names.some((name) => name !== formatFile && name !== basename(home.node))) return false;
  return !(await Keystore.exists(home.node)) || (await Keystore.open(home.node)).labels().length === 0;
}

async function takeBack(home: Home, before: 'absent' | 'empty'): Promise<void> {
  await rm(home.node, { recursive: true, force: true });
  await rm(join(home.path, formatFile));
  if (before === 'absent') await rmdir(home.path);
}
