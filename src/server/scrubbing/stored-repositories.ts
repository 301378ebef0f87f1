import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../../base/index.ts';
import { isNodeName } from '../../policy/index.ts';
import { namespaceFolder, replicaFolder } from '../storage-path.ts';
import { repositoriesIn } from '../store-repositories.ts';

/**
 * The places of all repositories below the directory of a store, in the order of their names: `.replicas/vault/desk`, `laptop`,
 * `laptop/photos`.
 */
export async function storedRepositories(directory: string): Promise<readonly string[]> {
  const places: string[] = [];
  for await (const namespace of repositoriesIn(directory)) places.push(namespaceFolder(namespace));
  for (const origin of await replicaOrigins(directory))
    for await (const namespace of repositoriesIn(join(directory, replicaFolder, origin)))
      places.push(namespaceFolder({ ...namespace, origin }));
  return places.sort();
}

/** The nodes of whose repositories there are copies in a store. */
export async function replicaOrigins(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(join(directory, replicaFolder))).filter(isNodeName);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
