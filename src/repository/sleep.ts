import { setTimeout as wait } from 'node:timers/promises';

/** Waits; ends early, with an error, when the signal is aborted. */
export type Sleep = (delayMs: number, signal?: AbortSignal) => Promise<void>;

/** Waits by this machine's timers. */
export const timerSleep: Sleep = async (delayMs, signal) => {
  await wait(delayMs, undefined, signal && { signal });
};
