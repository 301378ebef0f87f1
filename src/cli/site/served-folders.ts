import type { Home } from '../home/home.ts';
import { readSettings, storeDirectory } from '../home/settings.ts';

/** The folders of this machine that clients can fetch from. */
export async function servedFolders(home: Home): Promise<readonly string[]> {
  const settings = await readSettings(home);
  return settings === undefined ? [] : [storeDirectory(home, settings)];
}
