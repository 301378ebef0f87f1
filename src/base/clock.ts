import { type SinceBoot, sinceBoot } from './since-boot.ts';

/** Where the time comes from. Passed in wherever a date decides something, so that tests need no sleeping. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /**
   * What passes whatever the clock is set to, to see by it that the clock was set: undefined where the system does not
   * tell. A clock without this function is never compared.
   */
  sinceBoot?(): SinceBoot | undefined;
}

/** The machine's own clock. */
export const systemClock: Clock = { now: () => Date.now(), sinceBoot };

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #nowMs: number;

  constructor(start: Date | number) {
    this.#nowMs = Number(start);
  }

  now(): number {
    return this.#nowMs;
  }

  /** Moves the clock by `ms`, backwards when negative. */
  advance(ms: number): void {
    this.#nowMs += ms;
  }
}

export const secondMs = 1000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;
