import { openHome } from '../home/home.ts';
import { readSettings, storeDirectory } from '../home/settings.ts';
import type { Context } from '../program/context.ts';

/** The home, and where its server keeps repositories: what is neither saved from a file tree nor removed from one. */
export async function ownDirectories(context: Context): Promise<string[]> {
  const home = await openHome(context.home);
  const settings = await readSettings(home);
  return [home.path, ...(settings === undefined ? [] : [storeDirectory(home, settings)])];
}
