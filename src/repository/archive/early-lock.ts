import type { Repository } from '../repository.ts';
import type { LockOptions, RepositoryLock } from '../repository-lock.ts';

/**
 * A lock that is used for reading before it is certain. Once its file is stored nobody can begin to remove anything; whether
 * somebody had begun before shows a moment later, and until then nothing is written.
 */
export class EarlyLock implements AsyncDisposable {
  /** Resolves when the lock is certain; `repository_locked` when somebody else was first. */
  readonly held: Promise<RepositoryLock>;

  constructor(held: Promise<RepositoryLock>) {
    this.held = held;
  }

  /** Resolves when the lock's file is stored. */
  static async begin(repository: Repository, options: LockOptions): Promise<EarlyLock> {
    const stored = Promise.withResolvers<void>();
    const held = repository.lock({ ...options, onStored: stored.resolve });
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
