import { type Clock, HoldfastError, minuteMs } from '../base/index.ts';

/** How many refusals in a minute are put up with, from one address and in all. */
const maxPerAddress = 10;
const maxInAll = 200;

/**
 * Slows down whoever guesses join codes: refused attempts are counted for each address and in all, a minute at a
 * time; those that succeed cost nothing. Memory is bounded by the limit in all.
 */
export class EnrolLimit {
  readonly #clock: Clock;
  #windowStartMs = 0;
  #inAll = 0;
  readonly #byAddress = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `rate_limited` when this address, or all together, were refused too often in this minute. */
  check(address: string): void {
    this.#roll();
    if (this.#inAll < maxInAll && (this.#byAddress.get(address) ?? 0) < maxPerAddress) return;
    throw new HoldfastError('rate_limited', 'too many refused attempts to join', { hint: 'wait a minute' });
  }

  /** Counts one refused attempt. */
  refused(address: string): void {
    this.#roll();
    this.#inAll += 1;
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1);
  }

  #roll(): void {
    const nowMs = this.#clock.now();
    if (Math.abs(nowMs - this.#windowStartMs) < minuteMs) return;
    this.#windowStartMs = nowMs;
    this.#inAll = 0;
    this.#byAddress.clear();
  }
}
