import { HoldfastError, isHoldfastError, secondMs } from '../base/index.ts';
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

/** All locks but the one called `own`. One that stays unreadable for 35 seconds is `repository_damaged`. */
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

/** Reads a lock, undefined when it is gone by now; what is half written now may be whole a little later. */
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
      if (delayMs === undefined) throw unreadable(error);
      await sleep(delayMs, signal);
    }
  }
}

function unreadable(cause: HoldfastError): HoldfastError {
  return new HoldfastError('repository_damaged', cause.message, {
    hint: 'a lock is only a note; when nobody works on the repository, delete its file in locks/',
    cause,
  });
}
