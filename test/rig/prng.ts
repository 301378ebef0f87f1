import { type Cipheriv, createCipheriv, createHash } from 'node:crypto';

/** Pseudo-random data that is the same for the same seed: the AES-128-CTR key stream under the seed's hash. */
export class Prng {
  readonly #stream: Cipheriv;
  #pool: Buffer = Buffer.alloc(0);

  constructor(seed: number | string) {
    const hash = createHash('sha256').update(String(seed)).digest();
    this.#stream = createCipheriv('aes-128-ctr', hash.subarray(0, 16), hash.subarray(16));
  }

  /** `length` bytes that do not compress. */
  bytes(length: number): Buffer {
    return this.#stream.update(Buffer.alloc(length));
  }

  /** A whole number from 0 up to, not including, `limit`, which is at most 2^32. */
  below(limit: number): number {
    if (this.#pool.length < 4) this.#pool = this.bytes(4096);
    const value = this.#pool.readUInt32LE(0);
    this.#pool = this.#pool.subarray(4);
    return Math.floor((value / 2 ** 32) * limit);
  }
}
