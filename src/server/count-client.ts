import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { LocalStore, LocalTrash, objectTypes } from '../storage/index.ts';
import { repositoriesIn } from './store-repositories.ts';

interface CountOptions {
  /** Where the store is. */
  readonly directory: string;
  readonly client: string;
  /** What came or was removed from then on is not counted. */
  readonly beforeMs: number;
  readonly signal: AbortSignal;
}

/** So many files are looked at between two rests: others read the same disk. */
const filesAtOnce = 500;
const restMs = 10;

/** Counts what of a client is stored and rests in the trash, slowly. */
export async function countClient({
  directory,
  client,
  beforeMs,
  signal,
}: CountOptions): Promise<{ readonly bytes: number; readonly trashBytes: number }> {
  let bytes = 0;
  let trashBytes = 0;
  let files = 0;
  const rest = async (): Promise<void> => {
    files += 1;
    if (files % filesAtOnce === 0) await setTimeout(restMs, undefined, { signal });
  };
  for await (const { repository = '' } of repositoriesIn(directory, client)) {
    const path = join(directory, client, repository);
    const store = new LocalStore(path);
    for (const type of objectTypes)
      for await (const batch of store.scan(type, { arrivals: true, signal }))
        for (const { size, arrivedMs = 0 } of batch) {
          await rest();
          if (arrivedMs < beforeMs) bytes += size;
        }
    const trash = new LocalTrash(path);
    for await (const trashed of trash.scan()) {
      await rest();
      const size = (await trash.look(trashed))?.size ?? 0;
      if (trashed.removedMs < beforeMs) trashBytes += size;
      else bytes += size;
    }
  }
  return { bytes, trashBytes };
}
