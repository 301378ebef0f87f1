import { setTimeout as sleep } from 'node:timers/promises';
import { secondMs } from '../base/index.ts';

/** How long to wait before attempt `attempt + 1`, in milliseconds, or undefined to give up. The first is attempt 1. */
export type BackOff = (attempt: number) => number | undefined;

const firstMs = secondMs / 2;
const longestMs = 30 * secondMs;
const attempts = 10;

/**
 * Half a second, doubling up to thirty, about two minutes in all: long enough for a server to be restarted. Up to
 * half of each wait is left to chance, so that the clients of a server do not come back all at once.
 */
export const exponentialBackOff: BackOff = (attempt) => {
  if (attempt >= attempts) return undefined;
  const waitMs = Math.min(longestMs, firstMs * 2 ** (attempt - 1));
  return waitMs * (0.5 + Math.random() / 2);
};

/** A failure that may be gone when the same is tried again. */
export class TransientError extends Error {
  override readonly name = 'TransientError';
  /** What is thrown when trying again does not help. */
  readonly failure: Error;

  constructor(failure: Error) {
    super(failure.message, { cause: failure });
    this.failure = failure;
  }
}

/** Runs `work` until it does not fail with a {@link TransientError}, or `backOff` gives up. */
export async function retry<T>(
  backOff: BackOff,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof TransientError)) throw error;
      const waitMs = backOff(attempt);
      if (waitMs === undefined) throw error.failure;
      await wait(waitMs, signal);
    }
  }
}

async function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
