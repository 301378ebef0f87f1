import { type Clock, HoldfastError, isHoldfastError, type Log, minuteMs } from '../base/index.ts';
import { placeOfAddress } from '../pki/index.ts';

/** How many refusals in a minute are put up with, from one place and in all. */
const maxPerPlace = 10;
const maxInAll = 200;
/** So many are remembered; whoever comes from so many more is a flood that no count of refusals ends. */
const maxPlaces = 50_000;

/**
 * Slows down whoever guesses join codes: refused attempts are counted for each place and in all, a minute at a time; those
 * that succeed cost nothing. A place that was not refused itself is let in whatever others do, or a few strangers could
 * keep everybody from joining.
 */
export class EnrolLimit {
  readonly #clock: Clock;
  #windowStartMs = 0;
  #inAll = 0;
  readonly #byPlace = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `rate_limited` when this address was refused too often in this minute, or at all when together they were. */
  check(address: string): void {
    this.#roll();
    const count = this.#byPlace.get(placeOfAddress(address)) ?? 0;
    if (count === 0 || (count < maxPerPlace && this.#inAll < maxInAll)) return;
    throw new HoldfastError('rate_limited', 'too many refused attempts from here', { hint: 'wait a minute' });
  }

  /** Counts one refused attempt. */
  refused(address: string): void {
    this.#roll();
    this.#inAll += 1;
    const place = placeOfAddress(address);
    if (this.#byPlace.size < maxPlaces || this.#byPlace.has(place))
      this.#byPlace.set(place, (this.#byPlace.get(place) ?? 0) + 1);
  }

  #roll(): void {
    const nowMs = this.#clock.now();
    if (Math.abs(nowMs - this.#windowStartMs) < minuteMs) return;
    this.#windowStartMs = nowMs;
    this.#inAll = 0;
    this.#byPlace.clear();
  }
}

/**
 * Does `work` for a stranger at `from`, slowly for whoever is refused again and again.
 * @throws HoldfastError `rate_limited`, and what `work` throws
 */
export async function limitRefusals<T>(
  { enrolLimit, log }: { readonly enrolLimit: EnrolLimit; readonly log: Log },
  from: string,
  work: () => Promise<T>,
): Promise<T> {
  enrolLimit.check(from);
  try {
    return await work();
  } catch (error) {
    if (isHoldfastError(error)) {
      enrolLimit.refused(from);
      log.info('request for a certificate refused', { from, error });
    }
    throw error;
  }
}
