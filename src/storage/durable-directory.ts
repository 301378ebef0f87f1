import { mkdir } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { makePrivateDirectory, syncDirectory, systemErrorCode } from '../base/index.ts';

/** Creates directories and what is missing above them, for their owner alone (0700), and makes their names durable. */
export async function makeDurableDirectories(paths: readonly string[], signal?: AbortSignal): Promise<void> {
  const changed = new Set<string>();
  for (const path of paths) {
    signal?.throwIfAborted();
    const first = await makePrivateDirectory(path);
    if (first !== undefined) for (const parent of parentsDownFrom(first, path)) changed.add(parent);
  }
  for (const directory of changed) await syncDirectory(directory);
}

/**
 * The same below `root`, which is never made: one that has gone away with its disk must not come back as an empty folder.
 * What the system refuses is thrown, `ENOENT` where `root` is gone.
 */
export async function makeDirectoriesBelow(
  root: string,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const changed = new Set<string>();
  for (const path of paths) {
    let current = root;
    for (const name of relative(root, path).split(sep).filter(Boolean)) {
      signal?.throwIfAborted();
      const parent = current;
      current = join(parent, name);
      if (await makeDirectory(current)) changed.add(parent);
    }
  }
  for (const directory of changed) await syncDirectory(directory);
}

/** Whether it was made; it may be there already. */
async function makeDirectory(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** The directories that got a new entry when `first` and everything between it and `last` were created. */
function parentsDownFrom(first: string, last: string): readonly string[] {
  const parent = dirname(last);
  return last === first || parent === last ? [parent] : [...parentsDownFrom(first, parent), parent];
}
