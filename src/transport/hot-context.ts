import type { SecureContext } from 'node:tls';
import type { Credentials } from './credentials.ts';
import type { Hot } from './hot.ts';
import { createTlsContext, type TlsChoice } from './secure-context.ts';

/** The secure context for the credentials of the moment, made anew only when they were replaced. */
export class HotContext {
  readonly #choice: TlsChoice;
  readonly #credentials: Hot<Credentials> | undefined;
  #made: { readonly from: Credentials | undefined; readonly context: SecureContext } | undefined;

  constructor(choice: TlsChoice, credentials: Hot<Credentials> | undefined) {
    this.#choice = choice;
    this.#credentials = credentials;
  }

  get current(): SecureContext {
    const from = this.#credentials?.current;
    if (this.#made === undefined || this.#made.from !== from) {
      this.#made = { from, context: createTlsContext(this.#choice, from) };
    }
    return this.#made.context;
  }
}
