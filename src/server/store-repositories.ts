import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../base/index.ts';
import { isNodeName, reservedNames } from '../policy/index.ts';
import type { StorageNamespace } from './storage-path.ts';

/** The places of all repositories in the directory of a store, or of one client's, its own before its further ones; there may be none in a place. */
export async function* repositoriesIn(directory: string, client?: string): AsyncGenerator<StorageNamespace> {
  const clients = client === undefined ? await namesIn(directory) : [client];
  for (const each of clients) {
    yield { client: each };
    for (const repository of await namesIn(join(directory, each))) yield { client: each, repository };
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    const names = await readdir(directory);
    return names.filter((name) => isNodeName(name) && !reservedNames.includes(name));
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return [];
    throw error;
  }
}
