import { HoldfastError } from '../base/index.ts';

/** Many times what restic or our own client has under way. */
const maxAtOnce = 256;

/**
 * Counts the requests of each client that are under way. Each costs memory and an open file, and HTTP lets a peer send
 * thousands over one connection without reading an answer.
 */
export class StorageConcurrency {
  readonly #running = new Map<string, number>();

  /** Does `work` for `client`, or throws `rate_limited` when too much is under way for it. */
  async run(client: string, work: () => Promise<void>): Promise<void> {
    const running = this.#running.get(client) ?? 0;
    if (running >= maxAtOnce) {
      throw new HoldfastError('rate_limited', `${client} has ${running} requests under way`);
    }
    this.#running.set(client, running + 1);
    try {
      await work();
    } finally {
      this.#done(client);
    }
  }

  #done(client: string): void {
    const left = (this.#running.get(client) ?? 1) - 1;
    if (left > 0) this.#running.set(client, left);
    else this.#running.delete(client);
  }
}
