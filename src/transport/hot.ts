/**
 * A value that changes while the program runs: certificates, trust. Whoever uses one looks at `current` at the moment
 * that counts, the next connection or the next request, so nobody has to be told.
 */
export class Hot<T> {
  #current: T;

  constructor(current: T) {
    this.#current = current;
  }

  get current(): T {
    return this.#current;
  }

  replace(next: T): void {
    this.#current = next;
  }
}
