import { readFile, rm } from 'node:fs/promises';
import { hasAuthority } from '../../authority/index.ts';
import { systemErrorCode, writeFileAtomic } from '../../base/index.ts';
import { checkHome, createHome, type Home, homeAt } from './home.ts';
import { type Settings, writeSettings } from './settings.ts';

/**
 * Makes a home with `settings` for an authority that `work` puts into it. Before the authority: a crash in between leaves a
 * home where this can begin again. When there is none in the end, everything is as it was.
 *
 * @throws HoldfastError as {@link writeSettings}, before anything is made; and what `work` throws
 */
export async function inNewHome<T>(
  path: string,
  settings: Settings,
  work: (home: Home) => Promise<T>,
): Promise<T> {
  const wasThere = (await checkHome(path)) !== 'absent';
  const before = wasThere ? await readKept(homeAt(path)) : undefined;
  const home = await createHome(path);
  try {
    await writeSettings(home, settings);
    return await work(home);
  } catch (error) {
    if (!(await hasAuthority(home.path))) await putBack(home, wasThere, before);
    throw error;
  }
}

async function putBack(home: Home, wasThere: boolean, before: string | undefined): Promise<void> {
  if (!wasThere) await rm(home.path, { recursive: true, force: true });
  else if (before === undefined) await rm(home.settings, { force: true });
  else if ((await readKept(home)) !== before) await writeFileAtomic(home.settings, before);
}

async function readKept({ settings }: Home): Promise<string | undefined> {
  return await readFile(settings, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
}
