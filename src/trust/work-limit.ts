/**
 * A limit to work that somebody else's input asks for. `spend` answers false once all of it is used up, and whoever
 * spends then gives up: certificates of a stranger decide how much there is to do, not how long we do it.
 */
export class WorkLimit {
  readonly #units: number;
  #spent = 0;

  constructor(units: number) {
    this.#units = units;
  }

  /** How much has been done. */
  get spent(): number {
    return this.#spent;
  }

  spend(): boolean {
    if (this.#spent === this.#units) return false;
    this.#spent += 1;
    return true;
  }
}
