import { HoldfastError } from '../base/index.ts';
import { placeOfAddress } from '../pki/index.ts';

/** How many files are sent at once, to one place and in all. */
const maxPerPlace = 4;
const maxInAll = 64;

/**
 * Bounds how many files strangers fetch at once: each costs an open file and a reader for as long as its peer takes. Whoever waits
 * too long for the next bytes is cut by the idle limit of every answer.
 */
export class DownloadLimit {
  readonly #byPlace = new Map<string, number>();
  #inAll = 0;

  /** Counts one more for an address until what is given is called, once. @throws HoldfastError `rate_limited` */
  begin(address: string): () => void {
    const place = placeOfAddress(address);
    const running = this.#byPlace.get(place) ?? 0;
    if (running >= maxPerPlace || this.#inAll >= maxInAll)
      throw new HoldfastError('rate_limited', 'too many files are fetched at once');
    this.#byPlace.set(place, running + 1);
    this.#inAll += 1;
    return () => this.#end(place);
  }

  #end(place: string): void {
    const left = (this.#byPlace.get(place) ?? 1) - 1;
    if (left > 0) this.#byPlace.set(place, left);
    else this.#byPlace.delete(place);
    this.#inAll -= 1;
  }
}
