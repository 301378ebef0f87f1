/**
 * Lets one task wait until something has changed, and look again: `while (!done()) await changes.next()`.
 * After a failure everybody who waits, or begins to, gets that failure.
 */
export class Changes {
  #waiting = Promise.withResolvers<void>();
  #failure: { readonly error: unknown } | undefined;

  /** Resolves at the next {@link notify}. */
  async next(): Promise<void> {
    this.throwIfFailed();
    await this.#waiting.promise;
    this.throwIfFailed();
  }

  notify(): void {
    this.#waiting.resolve();
    this.#waiting = Promise.withResolvers();
  }

  /** The first failure counts. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.notify();
  }

  throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
