import { type Bytes, concatBytes } from '../../base/index.ts';

/** A stretch of a stream of bytes. */
export interface Stretch {
  readonly offset: number;
  readonly length: number;
}

/**
 * Cuts stretches out of a stream that comes in chunks, holding no more than one of them at a time, and keeps what
 * follows the last one up to a limit. The stretches are in order and do not overlap.
 */
export class UnitCutter {
  readonly #stretches: readonly Stretch[];
  readonly #maxTailBytes: number;
  readonly #onUnit: (number: number, unit: Bytes) => void;
  readonly #tail: Bytes[] = [];
  #tailBytes = 0;
  #next = 0;
  #position = 0;
  #unit: Bytes | undefined;
  #filled = 0;

  constructor(
    stretches: readonly Stretch[],
    options: { readonly maxTailBytes: number; readonly onUnit: (number: number, unit: Bytes) => void },
  ) {
    this.#stretches = stretches;
    this.#maxTailBytes = options.maxTailBytes;
    this.#onUnit = options.onUnit;
  }

  /** How many bytes have been taken. */
  get position(): number {
    return this.#position;
  }

  /** How many stretches are complete. */
  get complete(): number {
    return this.#next;
  }

  /** What followed the last stretch; undefined when it was more than the limit. */
  get tail(): Bytes | undefined {
    return this.#tailBytes > this.#maxTailBytes ? undefined : concatBytes(...this.#tail);
  }

  /** Takes the next bytes of the stream, which may be used again afterwards. */
  push(chunk: Bytes): void {
    for (let at = 0; at < chunk.length; ) {
      const taken = this.#take(chunk.subarray(at));
      this.#position += taken;
      at += taken;
    }
  }

  /** Takes some bytes, at least one, and tells how many. */
  #take(bytes: Bytes): number {
    const stretch = this.#stretches[this.#next];
    if (!stretch) return this.#keepTail(bytes);
    if (this.#position < stretch.offset) return Math.min(bytes.length, stretch.offset - this.#position);
    this.#unit ??= new Uint8Array(stretch.length);
    const part = bytes.subarray(0, stretch.length - this.#filled);
    this.#unit.set(part, this.#filled);
    this.#filled += part.length;
    if (this.#filled === stretch.length) this.#finishUnit(this.#unit);
    return part.length;
  }

  #finishUnit(unit: Bytes): void {
    this.#unit = undefined;
    this.#filled = 0;
    this.#onUnit(this.#next++, unit);
  }

  #keepTail(bytes: Bytes): number {
    this.#tailBytes += bytes.length;
    if (this.#tailBytes <= this.#maxTailBytes) this.#tail.push(Uint8Array.from(bytes));
    return bytes.length;
  }
}
