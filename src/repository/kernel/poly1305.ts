import type { Bytes } from '../../base/index.ts';

/** What one {@link Poly1305Kernel} occupies in its memory. */
export const poly1305StateBytes = 128;

const pageBytes = 65_536;
const pieceAt = 256;
const pieceBytes = 4 * pageBytes;
const tagAt = poly1305StateBytes;

/** A Poly1305 for data anywhere in memory: it is brought to the WebAssembly in pieces. For one thread. */
export function createPoly1305(): Poly1305 {
  const pages = pieceBytes / pageBytes + 1;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const bytes = new Uint8Array(memory.buffer);
  const kernel = new Poly1305Kernel(memory, 0);
  return (key, message) => {
    if (key.length !== 32) throw new TypeError('a Poly1305 key has 32 bytes');
    kernel.begin(key.subarray(0, 16), key.subarray(16));
    let at = 0;
    for (; message.length - at > pieceBytes; at += pieceBytes) {
      bytes.set(message.subarray(at, at + pieceBytes), pieceAt);
      kernel.update(pieceAt, pieceBytes);
    }
    bytes.set(message.subarray(at), pieceAt);
    kernel.finish(pieceAt, message.length - at, tagAt);
    return Uint8Array.from(bytes.subarray(tagAt, tagAt + 16)) satisfies Bytes;
  };
}

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

/** poly1305.wat, compiled by `wat2wasm --enable-threads`; a test compiles it again and compares. */
export const poly1305Wasm =
  'AGFzbQEAAAABDQJgBH9/f38AYAJ/fwACFwEIaG9sZGZhc3QGbWVtb3J5AgMBgIAEAwMCAAEHEwIGYWJzb3JiAAAGZmluaXNo' +
  'AAEKkAUCggQCAX8UfiABIAJBcHFqIQQgADUCACEFIAA1AgQhBiAANQIIIQcgADUCDCEIIAVCAohCBX4hCSAGQgKIQgV+IQog' +
  'B0ICiEIFfiELIAhCAohCBX4hDCAFQgODIQ0gADUCICEOIAA1AiQhDyAANQIoIRAgADUCLCERIAA1AjAhEgJAA0AgASAETw0B' +
  'IA4gATUCAHwhDiAPIAE1AgR8IQ8gECABNQIIfCEQIBEgATUCDHwhESASIAOtfCESIA4gBX4gDyAMfnwgECALfiARIAp+fCAS' +
  'IAl+fHwhEyAOIAZ+IA8gBX58IBAgDH4gESALfnwgEiAKfnx8IRQgDiAHfiAPIAZ+fCAQIAV+IBEgDH58IBIgC358fCEVIA4g' +
  'CH4gDyAHfnwgECAGfiARIAV+fCASIAx+fHwhFiASIA1+IBZCIIh8IRggGEICiEIFfiATQv////8Pg3whFyAXQv////8PgyEO' +
  'IBdCIIggE0IgiHwgFEL/////D4N8IRcgF0L/////D4MhDyAXQiCIIBRCIIh8IBVC/////w+DfCEXIBdC/////w+DIRAgF0Ig' +
  'iCAVQiCIfCAWQv////8Pg3whFyAXQv////8PgyERIBdCIIggGEIDg3whEiABQRBqIQEMAAsLIAAgDj4CICAAIA8+AiQgACAQ' +
  'PgIoIAAgET4CLCAAIBI+AjALiQECAX4Cf0IFIQIgAiAANQIgfEIgiCECIAIgADUCJHxCIIghAiACIAA1Aih8QiCIIQIgAiAA' +
  'NQIsfEIgiCECIAIgADUCMHwhAiACQgKIQgV+IQIDQCAAIANqIQQgAiAENQIQIAQ1AiB8fCECIAEgA2ogAj4CACACQiCIIQIg' +
  'A0EEaiIDQRBJDQALCw==';

let compiled: WebAssembly.Module | undefined;

/** The module, compiled when it is first asked for. */
function poly1305Module(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Buffer.from(poly1305Wasm, 'base64'));
  return compiled;
}

/**
 * The one-time authenticator Poly1305 (RFC 8439, 2.5): 16 bytes of tag for `message` under the 32 bytes `r ‖ s`.
 * Clamps r itself. There are two of these, the readable one below and the fast one in `../kernel`; whoever opens a
 * repository chooses, and everything else only knows this type.
 */
export type Poly1305 = (key: Bytes, message: Bytes) => Bytes;

const prime = (1n << 130n) - 5n;
const clampMask = 0x0ffffffc0ffffffc0ffffffc0fffffffn;

/** Poly1305 as RFC 8439 writes it down; slow, and what the fast one is tested against. */
export const referencePoly1305: Poly1305 = (key, message) => {
  if (key.length !== 32) throw new TypeError('a Poly1305 key has 32 bytes');
  const r = readLittleEndian(key.subarray(0, 16)) & clampMask;
  const s = readLittleEndian(key.subarray(16, 32));
  let accumulator = 0n;
  for (let at = 0; at < message.length; at += 16) {
    const block = message.subarray(at, at + 16);
    const marker = 1n << BigInt(8 * block.length);
    accumulator = ((accumulator + readLittleEndian(block) + marker) * r) % prime;
  }
  return writeLittleEndian(accumulator + s);
};

function readLittleEndian(bytes: Bytes): bigint {
  let value = 0n;
  for (let at = bytes.length - 1; at >= 0; at--) value = (value << 8n) | BigInt(bytes[at] ?? 0);
  return value;
}

/** The low 16 bytes of `value`. */
function writeLittleEndian(value: bigint): Bytes {
  return Uint8Array.from({ length: 16 }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn));
}
