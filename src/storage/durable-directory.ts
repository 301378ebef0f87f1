import { dirname } from 'node:path';
import { makePrivateDirectory, syncDirectory } from '../base/index.ts';

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

/** The directories that got a new entry when `first` and everything between it and `last` were created. */
function parentsDownFrom(first: string, last: string): readonly string[] {
  const parent = dirname(last);
  return last === first || parent === last ? [parent] : [...parentsDownFrom(first, parent), parent];
}
