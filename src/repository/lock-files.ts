import { setTimeout as wait } from 'node:timers/promises';
import { type Bytes, HoldfastError, hasProcess, isHoldfastError, minuteMs, secondMs } from '../base/index.ts';
import type { ObjectId } from '../storage/index.ts';
import { asCount, asText, goJsonString, parseJsonObject } from './format/go-text.ts';
import { encodeGoTime, parseGoTime } from './format/go-time.ts';
import type { UnpackedStore } from './unpacked-store.ts';

/** What a lock file says: somebody works on the repository (restic design document, "Locks"). */
export interface Lock {
  /** Nanoseconds since 1970: when it was made or refreshed, by its holder's clock. */
  readonly timeNs: bigint;
  /** Nobody else may hold a lock at the same time. */
  readonly exclusive: boolean;
  readonly hostname: string;
  readonly username: string;
  readonly pid: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** The JSON of a lock file, its keys in restic's order. */
export function encodeLock(lock: Lock): Bytes {
  let json = `{"time":"${encodeGoTime(lock.timeNs)}","exclusive":${lock.exclusive}`;
  json += `,"hostname":${goJsonString(lock.hostname)},"username":${goJsonString(lock.username)},"pid":${lock.pid}`;
  if (lock.uid) json += `,"uid":${lock.uid}`;
  if (lock.gid) json += `,"gid":${lock.gid}`;
  return Buffer.from(`${json}}`);
}

/** Reads the JSON of a lock file; `repository_damaged`, naming `what`, without a time. */
export function parseLock(text: Bytes, what: string): Lock {
  const json = parseJsonObject(text, what);
  const timeNs = parseGoTime(asText(json['time']) ?? '');
  if (timeNs === undefined) throw new HoldfastError('repository_damaged', `${what} has no time`);
  return {
    timeNs,
    exclusive: json['exclusive'] === true,
    hostname: asText(json['hostname']) ?? '',
    username: asText(json['username']) ?? '',
    pid: asCount(json['pid']) ?? 0,
  };
}

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

/** What was done about locks. */
export interface UnlockSummary {
  /** How many were removed. */
  readonly removed: number;
  /** How many stay: somebody may hold them, or they cannot be read. */
  readonly kept: number;
}

/**
 * Removes the locks whose holders are gone, as {@link isStale} says; with `all` every lock, whoever holds it, and those too that
 * cannot be read.
 */
export async function removeLocks(
  files: UnpackedStore,
  { all, signal, ...here }: { all: boolean; signal?: AbortSignal; hostname: string; nowMs: number },
): Promise<UnlockSummary> {
  const names = (await files.list('locks', { signal })).map(({ name }) => name);
  let removed = 0;
  for (const name of names) {
    if (!all && !(await isStaleFile(files, name, { ...here, signal }))) continue;
    await files.remove('locks', name, { signal });
    removed++;
  }
  return { removed, kept: names.length - removed };
}

async function isStaleFile(
  files: UnpackedStore,
  name: ObjectId,
  { signal, ...here }: { signal: AbortSignal | undefined; hostname: string; nowMs: number },
): Promise<boolean> {
  try {
    return isStale(parseLock(await files.load('locks', name, { signal }), `lock ${name}`), here);
  } catch (error) {
    if (!isHoldfastError(error, 'repository_damaged', 'object_corrupt', 'object_not_found')) throw error;
    return false;
  }
}

/** Removes a lock that is of no more use; where that is not possible, it becomes stale and is in the way of nobody. */
export async function removeLock(files: UnpackedStore, id: ObjectId): Promise<void> {
  try {
    await files.remove('locks', id);
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
  }
}

const staleAfterMs = 30 * minuteMs;

/** A lock and the name of its file. */
interface StoredLock extends Lock {
  readonly id: ObjectId;
}

/**
 * Whether nobody can hold this lock any more: it is older than half an hour without a refresh, or its process ran on
 * this machine and is gone (restic design document, "Locks").
 */
export function isStale(lock: Lock, here: { readonly hostname: string; readonly nowMs: number }): boolean {
  const ageMs = here.nowMs - Number(lock.timeNs / 1_000_000n);
  return ageMs > staleAfterMs || (lock.hostname === here.hostname && lock.pid > 0 && !hasProcess(lock.pid));
}

/** Whether two locks cannot be held at the same time. */
export function conflicts(a: { readonly exclusive: boolean }, b: { readonly exclusive: boolean }): boolean {
  return a.exclusive || b.exclusive;
}

/** The `repository_locked` that names who holds the lock. */
export function lockedError(lock: StoredLock): HoldfastError {
  const since = new Date(Number(lock.timeNs / 1_000_000n)).toISOString();
  const kind = lock.exclusive ? 'exclusively ' : '';
  const holder = `process ${lock.pid} on ${lock.hostname} (${lock.username})`;
  return new HoldfastError(
    'repository_locked',
    `the repository is ${kind}locked by ${holder} since ${since}`,
    {
      hint: 'wait until it is done; when its holder is gone for certain, holdfast unlock --remove-all removes its lock at once',
    },
  );
}

/** Waits; ends early, with the signal's reason as its error, when aborted. */
export type Sleep = (delayMs: number, signal?: AbortSignal) => Promise<void>;

/** Waits by this machine's timers. */
export const timerSleep: Sleep = async (delayMs, signal) => {
  try {
    await wait(delayMs, undefined, signal && { signal });
  } catch (error) {
    // The timer has an error of its own for this.
    signal?.throwIfAborted();
    throw error;
  }
};
