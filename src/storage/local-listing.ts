import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../base/index.ts';
import { isObjectId } from './object-name.ts';
import type { ListOptions, ObjectId, ObjectInfo } from './object-store.ts';

const batchEntries = 512;

/**
 * The objects in one directory, in batches; whatever else is in it (other names, directories, links) is passed over,
 * and so is what is removed meanwhile. A directory that is not there holds nothing.
 */
export async function* listDirectory(
  directory: string,
  { arrivals = false, signal }: ListOptions,
): AsyncGenerator<readonly ObjectInfo[]> {
  const names = await objectNames(directory);
  for (let start = 0; start < names.length; start += batchEntries) {
    signal?.throwIfAborted();
    const batch = names.slice(start, start + batchEntries);
    const infos = await Promise.all(batch.map((name) => objectInfo(directory, name, arrivals)));
    yield infos.filter((info) => info !== undefined);
  }
}

async function objectNames(directory: string): Promise<readonly ObjectId[]> {
  try {
    return (await readdir(directory)).filter(isObjectId);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function objectInfo(
  directory: string,
  name: ObjectId,
  arrivals: boolean,
): Promise<ObjectInfo | undefined> {
  try {
    const stat = await lstat(join(directory, name));
    if (!stat.isFile()) return undefined;
    const { size, mtimeMs } = stat;
    // It was written under another name and is never changed, so that this is when it was complete.
    return arrivals ? { name, size, arrivedMs: Math.round(mtimeMs) } : { name, size };
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
