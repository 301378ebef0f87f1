import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../base/index.ts';
import { isObjectId } from './object-name.ts';
import type { ObjectId, ObjectInfo } from './object-store.ts';

const batchEntries = 512;

/**
 * The objects in one directory, in batches; whatever else is in it (other names, directories, links) is passed over,
 * and so is what is removed meanwhile. A directory that is not there holds nothing.
 */
export async function* listDirectory(
  directory: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly ObjectInfo[]> {
  const names = await objectNames(directory);
  for (let start = 0; start < names.length; start += batchEntries) {
    signal?.throwIfAborted();
    const batch = names.slice(start, start + batchEntries);
    const infos = await Promise.all(batch.map((name) => objectInfo(directory, name)));
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

async function objectInfo(directory: string, name: ObjectId): Promise<ObjectInfo | undefined> {
  try {
    const stat = await lstat(join(directory, name));
    return stat.isFile() ? { name, size: stat.size } : undefined;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
