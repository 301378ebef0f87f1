/**
 * What was kept last under each key: at least the newest `atLeast`, at most twice as many. The older half goes at once,
 * because a `Map` from which the oldest is taken each time becomes slow.
 */
export class Recent<V> {
  readonly #atLeast: number;
  #newer = new Map<string, V>();
  #older = new Map<string, V>();

  constructor(atLeast: number) {
    this.#atLeast = atLeast;
  }

  get(key: string): V | undefined {
    return this.#newer.get(key) ?? this.#older.get(key);
  }

  keep(key: string, value: V): void {
    this.#newer.set(key, value);
    if (this.#newer.size < this.#atLeast) return;
    this.#older = this.#newer;
    this.#newer = new Map();
  }
}
