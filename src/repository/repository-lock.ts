import {
  type Clock,
  HoldfastError,
  isHoldfastError,
  minuteMs,
  secondMs,
  systemClock,
} from '../base/index.ts';
import type { ObjectId } from '../storage/index.ts';
import {
  conflicts,
  isStale,
  type Lock,
  loadLocks,
  lockedError,
  removeLock,
  type Sleep,
  saveLock,
  timerSleep,
} from './lock-files.ts';
import { nowNs, type Origin, thisMachine } from './this-machine.ts';
import type { UnpackedStore } from './unpacked-store.ts';

const settleMs = 200;
const refreshMs = 5 * minuteMs;
const retryMs = minuteMs;
const firstDelayMs = 5 * secondMs;

/** So long after the last refresh the lock is given up, well before others take it for stale. */
const lostAfterMs = 22.5 * minuteMs;

export interface LockOptions extends Partial<Origin> {
  /** Nobody else may hold a lock meanwhile; otherwise only nobody exclusively. */
  readonly exclusive?: boolean;
  readonly clock?: Clock;
  /**
   * Called when the lock's file is stored: from here on nobody can lock exclusively, but somebody may have been first. Where it
   * is tried again, called when the lock is certain.
   */
  readonly onStored?: () => void;
  /** So long it is tried again while somebody else holds the repository; not at all unless said. */
  readonly retryForMs?: number;
  /** Told, once, who holds it when that is waited for. */
  readonly onWaiting?: (error: HoldfastError) => void;
  /** How time passes between refreshes. */
  readonly sleep?: Sleep;
  readonly signal?: AbortSignal;
}

/**
 * Locks a repository as restic does: look, write the own lock, wait a moment, look again.
 * `repository_locked` names who is in the way. Locks whose holders are gone are removed.
 */
export async function acquireLock(files: UnpackedStore, options: LockOptions = {}): Promise<RepositoryLock> {
  const { retryForMs = 0, onWaiting, onStored = () => {}, ...attempt } = options;
  const { clock = systemClock, sleep = timerSleep, signal } = attempt;
  // What is read before the lock is certain may be gone by the next try: who would try again reads nothing so early.
  if (retryForMs === 0) return await tryLock(files, { ...attempt, onStored });
  const untilMs = clock.now() + retryForMs;
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(2 * delayMs, retryMs)) {
    try {
      const lock = await tryLock(files, attempt);
      onStored();
      return lock;
    } catch (error) {
      const leftMs = untilMs - clock.now();
      if (!isHoldfastError(error, 'repository_locked') || leftMs <= 0) throw error;
      if (delayMs === firstDelayMs) onWaiting?.(error);
      // Who collided goes on apart, and does not collide for ever.
      await sleep(Math.min(delayMs * (0.5 + Math.random() / 2), leftMs), signal);
    }
  }
}

async function tryLock(
  files: UnpackedStore,
  options: Omit<LockOptions, 'retryForMs' | 'onWaiting'>,
): Promise<RepositoryLock> {
  const {
    exclusive = false,
    clock = systemClock,
    sleep = timerSleep,
    onStored = () => {},
    signal,
    ...origin
  } = options;
  const waiting = { sleep, signal };
  const holder = { ...thisMachine(), ...origin, exclusive, pid: process.pid };
  const refuseConflict = async (own?: ObjectId): Promise<void> => {
    for (const lock of await loadLocks(files, own, waiting)) {
      if (isStale(lock, { hostname: holder.hostname, nowMs: clock.now() })) await removeLock(files, lock.id);
      else if (conflicts(lock, holder)) throw lockedError(lock);
    }
  };
  await refuseConflict();
  const id = await saveLock(files, { ...holder, timeNs: nowNs(clock) }, signal ? { signal } : {});
  try {
    onStored();
    await sleep(settleMs, signal);
    await refuseConflict(id);
  } catch (error) {
    await removeLock(files, id);
    throw error;
  }
  return new RepositoryLock({ files, holder, id, clock, sleep });
}

/**
 * A lock that is used for reading before it is certain. Once its file is stored nobody can begin to remove anything; whether
 * somebody had begun before shows a moment later, and until then nothing is written.
 */
export class EarlyLock implements AsyncDisposable {
  /** Resolves when the lock is certain; `repository_locked` when somebody else was first. */
  readonly held: Promise<RepositoryLock>;

  private constructor(held: Promise<RepositoryLock>) {
    this.held = held;
  }

  /** Resolves when the lock's file is stored; options are those of {@link acquireLock}. */
  static async begin(files: UnpackedStore, options: LockOptions): Promise<EarlyLock> {
    const stored = Promise.withResolvers<void>();
    const held = acquireLock(files, { ...options, onStored: stored.resolve });
    await Promise.race([stored.promise, held]);
    return new EarlyLock(held);
  }

  /** Calls back when the lock was refused, or is lost later. */
  onFailure(callback: (error: unknown) => void): void {
    this.held.then(({ lost }) => lost.addEventListener('abort', () => callback(lost.reason)), callback);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const lock = await this.held.catch(() => undefined);
    await lock?.[Symbol.asyncDispose]();
  }
}

/** A lock that is held: refreshed every five minutes, and removed when disposed of. */
export class RepositoryLock implements AsyncDisposable {
  /** Aborted, with `repository_locked`, when the lock could not be refreshed: others may begin to work. */
  readonly lost: AbortSignal;
  readonly #files: UnpackedStore;
  readonly #holder: Omit<Lock, 'timeNs'>;
  readonly #clock: Clock;
  readonly #sleep: Sleep;
  readonly #lost = new AbortController();
  readonly #released = new AbortController();
  readonly #refreshing: Promise<void>;
  #id: ObjectId;
  #refreshedMs: number;

  constructor(parts: {
    readonly files: UnpackedStore;
    readonly holder: Omit<Lock, 'timeNs'>;
    readonly id: ObjectId;
    readonly clock: Clock;
    readonly sleep: Sleep;
  }) {
    this.#files = parts.files;
    this.#holder = parts.holder;
    this.#id = parts.id;
    this.#clock = parts.clock;
    this.#sleep = parts.sleep;
    this.#refreshedMs = parts.clock.now();
    this.lost = this.#lost.signal;
    this.#refreshing = this.#keepRefreshed();
  }

  /** Removes the lock, or leaves it to become stale when the storage is out of reach: what was done is done. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#released.abort();
    await this.#refreshing;
    await removeLock(this.#files, this.#id);
  }

  /** Ends when the lock is released or lost; never fails. */
  async #keepRefreshed(): Promise<void> {
    const { signal } = this.#released;
    let delayMs = refreshMs;
    while (!signal.aborted && !this.lost.aborted) {
      // Aborted means released, which the loop's condition sees.
      await this.#sleep(delayMs, signal).catch(() => {});
      if (!signal.aborted) delayMs = (await this.#refresh()) ? refreshMs : retryMs;
    }
  }

  /** Writes a new lock and removes the old one, in this order, so that one is always there. */
  async #refresh(): Promise<boolean> {
    const nowMs = this.#clock.now();
    // After a long sleep of the machine others may have taken the lock for stale, and begun to work.
    if (nowMs - this.#refreshedMs > lostAfterMs) {
      this.#lost.abort(lostError(this.#refreshedMs));
      return false;
    }
    try {
      const old = this.#id;
      this.#id = await saveLock(this.#files, { ...this.#holder, timeNs: nowNs(this.#clock) }, {});
      this.#refreshedMs = nowMs;
      await removeLock(this.#files, old);
      return true;
    } catch {
      // The network or the storage may be back before the lock is lost.
      return false;
    }
  }
}

function lostError(refreshedMs: number): HoldfastError {
  const since = new Date(refreshedMs).toISOString();
  return new HoldfastError('repository_locked', `the lock could not be refreshed since ${since}`, {
    hint: 'check the connection to the storage and run it again',
  });
}
