/**
 * A limit to work that somebody else's input asks for. `spend` answers false once all of it is used up, and whoever
 * spends then gives up: certificates of a stranger decide how much there is to do, not how long we do it.
 */
export class WorkLimit {
  #left: number;

  constructor(units: number) {
    this.#left = units;
  }

  spend(): boolean {
    this.#left -= 1;
    return this.#left >= 0;
  }
}
