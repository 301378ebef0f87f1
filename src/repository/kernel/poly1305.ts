import type { Bytes } from '../../base/index.ts';
import { poly1305Module } from './poly1305-module.ts';

/** What one {@link Poly1305Kernel} occupies in its memory. */
export const poly1305StateBytes = 128;

const blockBytes = 16;
const accumulatorAt = 32;
const accumulatorBytes = 20;
const lastBlockAt = 64;
const wholeBlock = 1;
const closedBlock = 0;
/** Which bits of each byte of r are kept (RFC 8439, 2.5.1). */
const clamp = [255, 255, 255, 15, 252, 255, 255, 15, 252, 255, 255, 15, 252, 255, 255, 15];

interface Poly1305Exports {
  absorb(state: number, at: number, length: number, high: number): void;
  finish(state: number, out: number): void;
}

/** Poly1305 with WebAssembly over data that lies in a shared memory, one message at a time, piece by piece. */
export class Poly1305Kernel {
  readonly #exports: Poly1305Exports;
  readonly #bytes: Bytes;
  readonly #state: number;

  /** @param state address, divisible by 8, of {@link poly1305StateBytes} that belong to this object */
  constructor(memory: WebAssembly.Memory, state: number) {
    const instance = new WebAssembly.Instance(poly1305Module(), { holdfast: { memory } });
    this.#exports = instance.exports as unknown as Poly1305Exports;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#state = state;
  }

  /** Begins a message under the one-time key `r ‖ s`, 16 bytes each; clamps r. */
  begin(r: Bytes, s: Bytes): void {
    for (let i = 0; i < 16; i++) {
      this.#bytes[this.#state + i] = (r[i] ?? 0) & (clamp[i] ?? 0);
      this.#bytes[this.#state + 16 + i] = s[i] ?? 0;
    }
    this.#bytes.fill(0, this.#state + accumulatorAt, this.#state + accumulatorAt + accumulatorBytes);
  }

  /** Takes a piece of the message, of a length divisible by 16, from address `at`. */
  update(at: number, length: number): void {
    this.#exports.absorb(this.#state, at, length, wholeBlock);
  }

  /** Takes the last piece, of any length, and writes the 16 bytes of the tag to address `out`. */
  finish(at: number, length: number, out: number): void {
    const rest = length % blockBytes;
    this.#exports.absorb(this.#state, at, length - rest, wholeBlock);
    if (rest > 0) this.#absorbRest(at + length - rest, rest);
    this.#exports.finish(this.#state, out);
  }

  /** The last block, when it is not whole, is closed by a byte 1 and filled up with zeros. */
  #absorbRest(at: number, length: number): void {
    const block = this.#state + lastBlockAt;
    this.#bytes.copyWithin(block, at, at + length);
    this.#bytes[block + length] = 1;
    this.#bytes.fill(0, block + length + 1, block + blockBytes);
    this.#exports.absorb(this.#state, block, blockBytes, closedBlock);
  }
}
