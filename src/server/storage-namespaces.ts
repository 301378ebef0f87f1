import { join } from 'node:path';
import { LocalStore, type ObjectStore, PresentStore } from '../storage/index.ts';
import type { StorageNamespace } from './storage-path.ts';

/** Stores remembered at a time; one that was forgotten is only looked at anew. */
const maxStores = 1024;

/**
 * The stores of all namespaces below one directory: `<directory>/<client>` and `<directory>/<client>/<repository>`. `check`
 * throws while that directory is not the one it should be.
 */
export function localNamespaces(
  directory: string,
  check: (forWhat?: 'change') => Promise<void>,
): (namespace: StorageNamespace) => ObjectStore {
  const stores = new Map<string, ObjectStore>();
  return ({ client, repository = '' }) => {
    const path = join(directory, client, repository);
    const store = stores.get(path) ?? new PresentStore(new LocalStore(path, { within: directory }), check);
    stores.delete(path);
    stores.set(path, store);
    if (stores.size > maxStores) stores.delete(stores.keys().next().value ?? '');
    return store;
  };
}
