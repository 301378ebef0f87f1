/** Keeps the bytes that are held at one time under a limit; what is larger than the limit is held alone. */
export class ByteBudget {
  readonly #limit: number;
  readonly #waiting: { readonly bytes: number; readonly start: () => void }[] = [];
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs `work` while `bytes` are set aside for it; first come, first served. */
  async hold<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    if (this.#waiting.length > 0 || !this.#fits(bytes)) {
      await new Promise<void>((start) => this.#waiting.push({ bytes, start }));
    } else this.#held += bytes;
    try {
      return await work();
    } finally {
      this.#held -= bytes;
      this.#startWaiting();
    }
  }

  #fits(bytes: number): boolean {
    return this.#held === 0 || this.#held + bytes <= this.#limit;
  }

  #startWaiting(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#held += next.bytes;
      next.start();
    }
  }
}
