import { setTimeout as wait } from 'node:timers/promises';

/** Waits; ends early, with the signal's reason as its error, when aborted. */
export type Sleep = (delayMs: number, signal?: AbortSignal) => Promise<void>;

/** Waits by this machine's timers, which do not keep the process alive. */
export const timerSleep: Sleep = async (delayMs, signal) => {
  await wait(delayMs, undefined, { ref: false, ...(signal && { signal }) });
};
