/** What is done once; who has waited for somebody whose attempt failed makes his own. */
export class Once<T> {
  #done: Promise<T> | undefined;

  async do(work: () => Promise<T>): Promise<T> {
    for (;;) {
      const others = this.#done;
      const done = others ?? work();
      this.#done = done;
      try {
        return await done;
      } catch (error) {
        if (this.#done === done) this.#done = undefined;
        if (others === undefined) throw error;
      }
    }
  }
}
