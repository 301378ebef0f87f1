import { kinds, type Recording } from '../log/index.ts';
import type { Present } from '../standing/index.ts';

/** What is taken for the store from now on, and who says so. */
export interface StoreAcceptance {
  readonly store: string;
  readonly directory: string;
  /** What was there: nothing, repositories, another store. */
  readonly found: string;
  readonly reason: string;
  readonly by: string;
}

/** What `authority.store` is for one from before stores were marked, which may have repositories. */
export const unmarkedStore = 'unmarked';

/** Which store this network's repositories are in: what a server compares the directory with that it finds. */
export class StoreRecord {
  readonly #context: Recording & { readonly present: Present };

  constructor(context: Recording & { readonly present: Present }) {
    this.#context = context;
  }

  /** Its id, {@link unmarkedStore}, or undefined while there was none yet. */
  get current(): string | undefined {
    return this.#context.present.state.store ?? undefined;
  }

  /** Puts the first store on record, or the id that one from before was given. */
  async begin(store: string): Promise<void> {
    await this.#context.records.state.setStore(store);
  }

  /** Takes another store for that of this network, which somebody has to answer for. */
  async accept({ by, ...details }: StoreAcceptance): Promise<void> {
    const { log } = this.#context;
    const before = this.current;
    await log.record(kinds.storeAccepted, { by, details: { ...details, before } });
  }
}
