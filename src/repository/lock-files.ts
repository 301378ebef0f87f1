import { isHoldfastError, secondMs } from '../base/index.ts';
import type { ObjectId } from '../storage/index.ts';
import { encodeLock, type Lock, parseLock } from './format/lock.ts';
import type { StoredLock } from './lock-conflict.ts';
import type { Sleep } from './sleep.ts';
import type { UnpackedStore } from './unpacked-store.ts';

const retryDelaysMs = [5 * secondMs, 10 * secondMs, 20 * secondMs];

interface Waiting {
  readonly sleep: Sleep;
  readonly signal?: AbortSignal;
}

/**
 * All locks but the one called `own`. One that stays unreadable for 35 seconds is removed and passed over: its bytes are
 * not those that somebody wrote, so that it says of nobody that he works, and whoever does writes a new one within five minutes.
 */
export async function loadLocks(
  files: UnpackedStore,
  own: ObjectId | undefined,
  options: Waiting,
): Promise<StoredLock[]> {
  const { signal } = options;
  const locks: StoredLock[] = [];
  for (const { name, size } of await files.list('locks', signal ? { signal } : {})) {
    // An empty file is what some storage shows of one that is being written.
    if (name === own || size === 0) continue;
    const lock = await loadLock(files, name, options);
    if (lock) locks.push({ ...lock, id: name });
  }
  return locks;
}

/** Stores a lock. */
export async function saveLock(
  files: UnpackedStore,
  lock: Lock,
  options: { signal?: AbortSignal },
): Promise<ObjectId> {
  return files.save('locks', encodeLock(lock), options);
}

/** Reads a lock, undefined when it is gone or no lock any more; what is half written now may be whole a little later. */
async function loadLock(files: UnpackedStore, name: ObjectId, options: Waiting): Promise<Lock | undefined> {
  const { sleep, signal } = options;
  const cancel = signal ? { signal } : {};
  for (let attempt = 0; ; attempt++) {
    try {
      return parseLock(await files.load('locks', name, cancel), `lock ${name}`);
    } catch (error) {
      if (isHoldfastError(error, 'object_not_found')) return undefined;
      if (!isHoldfastError(error, 'repository_damaged', 'object_corrupt')) throw error;
      const delayMs = retryDelaysMs[attempt];
      if (delayMs === undefined) break;
      await sleep(delayMs, signal);
    }
  }
  await removeLock(files, name);
  return undefined;
}

/** Removes a lock that is of no more use; where that is not possible, it becomes stale and is in the way of nobody. */
export async function removeLock(files: UnpackedStore, id: ObjectId): Promise<void> {
  try {
    await files.remove('locks', id);
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
  }
}
