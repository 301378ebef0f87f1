import { createHash, type Hash } from 'node:crypto';
import { type Bytes, HoldfastError } from '../base/index.ts';
import { formatObjectRef, type ObjectRef } from './object-store.ts';

/**
 * Checks bytes on their way into a store against what was announced: the size while they come, the name at the end.
 * Both complaints are `object_corrupt`.
 */
export class ObjectDigest {
  readonly #ref: ObjectRef;
  readonly #size: number;
  readonly #hash: Hash = createHash('sha256');
  #received = 0;

  constructor(ref: ObjectRef, size: number) {
    if (!Number.isSafeInteger(size) || size < 0) throw new TypeError(`object size ${size}`);
    this.#ref = ref;
    this.#size = size;
  }

  /** Takes the next bytes; throws as soon as there are more than announced. */
  update(bytes: Bytes): void {
    this.#received += bytes.length;
    if (this.#received > this.#size) {
      throw this.#corrupt(`more than the announced ${this.#size} bytes were sent`);
    }
    this.#hash.update(bytes);
  }

  /** The SHA-256 of what came, in hexadecimal; throws unless exactly the announced bytes did. */
  sum(): string {
    if (this.#received !== this.#size) {
      throw this.#corrupt(`${this.#received} of the announced ${this.#size} bytes were sent`);
    }
    return this.#hash.digest('hex');
  }

  /** The same, and throws unless it is the object's name; `config` has a name of its own. */
  finish(): string {
    const sum = this.sum();
    if (this.#ref.type !== 'config' && sum !== this.#ref.name) {
      throw this.#corrupt(`the bytes sent have the SHA-256 ${sum}`);
    }
    return sum;
  }

  #corrupt(found: string): HoldfastError {
    return new HoldfastError('object_corrupt', `${formatObjectRef(this.#ref)} was not stored: ${found}`);
  }
}
