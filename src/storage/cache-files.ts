import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbandoned } from '../base/index.ts';
import { isObjectId } from './object-name.ts';
import { objectTypes } from './object-store.ts';

/** How the names of copies end that are not whole yet. */
export const temporarySuffix = '.part';

/** What is left when a cache has grown too large. */
const keptPart = 3 / 4;

interface CacheFile {
  readonly path: string;
  readonly size: number;
  readonly usedMs: number;
}

/** Gives up the copies used longest ago when there are more than `maxBytes`, and parts that a crash left. */
export async function trimCache(
  directory: string,
  maxBytes: number,
  nowMs: number = Date.now(),
): Promise<void> {
  const files = await cacheFiles(directory);
  const left = files.filter(
    ({ path, usedMs }) =>
      path.endsWith(temporarySuffix) && isAbandoned(path.slice(0, -temporarySuffix.length), usedMs, nowMs),
  );
  const copies = files.filter((file) => !file.path.endsWith(temporarySuffix));
  for (const { path } of [...left, ...surplus(copies, maxBytes)]) await rm(path, { force: true });
}

function surplus(copies: readonly CacheFile[], maxBytes: number): readonly CacheFile[] {
  let size = copies.reduce((sum, file) => sum + file.size, 0);
  if (size <= maxBytes) return [];
  const oldestFirst = copies.toSorted((a, b) => a.usedMs - b.usedMs);
  return oldestFirst.filter((file) => {
    if (size <= maxBytes * keptPart) return false;
    size -= file.size;
    return true;
  });
}

async function cacheFiles(directory: string): Promise<readonly CacheFile[]> {
  const files: CacheFile[] = [];
  for (const type of objectTypes) {
    for (const name of await readdir(join(directory, type)).catch(() => [])) {
      if (!isObjectId(name) && !name.endsWith(temporarySuffix)) continue;
      const path = join(directory, type, name);
      const stat = await lstat(path).catch(() => undefined);
      if (stat?.isFile()) files.push({ path, size: stat.size, usedMs: Math.max(stat.mtimeMs, stat.atimeMs) });
    }
  }
  return files;
}
