import { asBuffer, type Bytes, concatBytes } from '../../base/index.ts';

const newLine = 0x0a;

/** Takes a stream of bytes apart into lines and pieces of a known length, holding no more than a chunk of it. */
export class PieceReader {
  readonly #source: AsyncIterator<Bytes>;
  #held: Bytes = new Uint8Array();

  constructor(source: AsyncIterable<Bytes>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next line without its end, or undefined when none ends within `maxBytes`. */
  async line(maxBytes: number): Promise<string | undefined> {
    for (;;) {
      const end = this.#held.indexOf(newLine);
      if (end >= 0 && end <= maxBytes) return asBuffer(this.#take(end + 1).subarray(0, end)).toString();
      if (end > maxBytes || this.#held.length > maxBytes) return undefined;
      const next = await this.#next();
      if (next === undefined) return undefined;
      this.#held = concatBytes(this.#held, next);
    }
  }

  /** The next `length` bytes in chunks; fewer when the stream ends before. */
  async *piece(length: number): AsyncGenerator<Bytes> {
    for (let left = length; left > 0; ) {
      if (this.#held.length === 0) this.#held = (await this.#next()) ?? new Uint8Array();
      if (this.#held.length === 0) return;
      const chunk = this.#take(Math.min(left, this.#held.length));
      left -= chunk.length;
      yield chunk;
    }
  }

  /** Whether nothing is left; reads to find out. */
  async atEnd(): Promise<boolean> {
    if (this.#held.length === 0) this.#held = (await this.#next()) ?? new Uint8Array();
    return this.#held.length === 0;
  }

  /** Lets go of the source when it is not read to its end. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  #take(length: number): Bytes {
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return taken;
  }

  /** The next chunk that has bytes in it. */
  async #next(): Promise<Bytes | undefined> {
    for (;;) {
      const { done, value } = await this.#source.next();
      if (done === true) return undefined;
      if (value.length > 0) return value;
    }
  }
}
