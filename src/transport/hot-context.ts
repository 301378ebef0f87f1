import type { Server } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Credentials } from './credentials.ts';
import type { Hot } from './hot.ts';
import { createTlsContext, type TlsChoice } from './secure-context.ts';
import { createStapler } from './stapler.ts';

interface Made {
  readonly from: Credentials | undefined;
  readonly context: SecureContext;
  readonly stapler: Server | undefined;
}

/** The secure context for the credentials of the moment, made anew only when they were replaced. */
export class HotContext {
  readonly #choice: TlsChoice;
  readonly #credentials: Pick<Hot<Credentials>, 'current'> | undefined;
  #made: Made | undefined;

  constructor(choice: TlsChoice, credentials: Pick<Hot<Credentials>, 'current'> | undefined) {
    this.#choice = choice;
    this.#credentials = credentials;
  }

  get current(): SecureContext {
    return this.#present().context;
  }

  /** The `server` for sockets that use the present context, when answers are stapled for its certificate. */
  get stapler(): Server | undefined {
    return this.#present().stapler;
  }

  #present(): Made {
    const from = this.#credentials?.current;
    if (this.#made === undefined || this.#made.from !== from) {
      const context = createTlsContext(this.#choice, from);
      this.#made = { from, context, stapler: from && createStapler(context, from) };
    }
    return this.#made;
  }
}
