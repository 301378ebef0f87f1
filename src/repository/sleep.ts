import { setTimeout as wait } from 'node:timers/promises';

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
