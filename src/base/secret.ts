import { inspect } from 'node:util';

const redacted = '[redacted]';

/**
 * A value that must not be seen: printing, logging, string templates and JSON all show `[redacted]`.
 * `reveal()` is the one way in, so that every use of a secret can be found by searching for it.
 */
export class Secret<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [inspect.custom](): string {
    return redacted;
  }
}
