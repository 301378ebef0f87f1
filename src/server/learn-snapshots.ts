import { setTimeout } from 'node:timers/promises';
import type { Authority } from '../authority/index.ts';
import { isHoldfastError, type Log } from '../base/index.ts';
import type { ObjectStore } from '../storage/index.ts';
import type { StorageNamespace } from './storage-path.ts';
import { repositoriesIn } from './store-repositories.ts';

export interface LearnSnapshotsOptions {
  readonly nodes: Authority['nodes'];
  /** Where the store is. */
  readonly directory: string;
  readonly storeFor: (namespace: StorageNamespace) => ObjectStore;
  readonly log: Log;
  readonly signal: AbortSignal;
}

const pageSize = 1000;
/** After each client, for others read the same disk. */
const restMs = 5;

/**
 * Looks into the store for the newest snapshot of every client of which none is on record: a store from before that was kept, or
 * an authority that was restored from its keys alone. What cannot be read is looked for at the next start.
 */
export async function learnSnapshots(options: LearnSnapshotsOptions): Promise<void> {
  const { nodes, log, signal } = options;
  let after: { readonly role: string; readonly name: string } | undefined;
  try {
    do {
      const page = await nodes.list({ after, role: 'client', limit: pageSize });
      for (const { name, lastBackup } of page) {
        if (lastBackup !== undefined) continue;
        const newest = await newestOf(name, options);
        if (newest !== undefined) await nodes.noteSnapshot(name, newest);
        await setTimeout(restMs, undefined, { signal });
      }
      after = page.length < pageSize ? undefined : page.at(-1);
    } while (after !== undefined);
  } catch (error) {
    if (!signal.aborted) log.warn('what is in the store could not be looked through', { error });
  }
}

/** Over all repositories of a client. */
async function newestOf(
  client: string,
  { directory, storeFor, signal }: LearnSnapshotsOptions,
): Promise<Date | undefined> {
  let newestMs = 0;
  for await (const namespace of repositoriesIn(directory, client)) {
    const store = storeFor(namespace);
    try {
      for await (const batch of store.scan('snapshots', { arrivals: true, signal }))
        newestMs = Math.max(newestMs, ...batch.map(({ arrivedMs = 0 }) => arrivedMs));
    } catch (error) {
      if (!isHoldfastError(error, 'repository_missing')) throw error;
    }
  }
  return newestMs === 0 ? undefined : new Date(newestMs);
}
