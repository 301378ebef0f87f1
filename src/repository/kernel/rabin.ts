/** No chunk but the last of a file is shorter. */
export const minChunkBytes = 512 * 1024;
/** No chunk is longer. */
export const maxChunkBytes = 8 * 1024 * 1024;
/** The digest looks at this many bytes before the place in question. */
export const windowBytes = 64;
/** A chunk may end where this many low bits of the digest are zero: about once in a MiB. */
export const cutBits = 20;
/** What the tables occupy at address 0 of the memory. */
export const rabinTableBytes = 4096;

const degree = 53;

type Scan = (from: number, to: number) => number;

/**
 * Finds the places where a chunk may end, with WebAssembly, in data that lies in a shared memory.
 * The readable version, and what it means, is `referenceCuts`.
 */
export class CutFinder {
  readonly #scan: Scan;

  /**
   * @param memory its first {@link rabinTableBytes} belong to this object, of which there is one for each memory
   * @param polynomial the repository's, irreducible and of degree 53
   */
  constructor(memory: WebAssembly.Memory, polynomial: bigint) {
    const instance = new WebAssembly.Instance(rabinModule(), { holdfast: { memory } });
    this.#scan = instance.exports['scan'] as Scan;
    new BigUint64Array(memory.buffer, 0, rabinTableBytes / 8).set(rabinTables(polynomial));
  }

  /**
   * The first address `p` with `from <= p <= to` such that a chunk may end before the byte at `p`, or 0 when there is
   * none. The 64 bytes before `from` must belong to the chunk.
   */
  find(from: number, to: number): number {
    return to < from ? 0 : this.#scan(from - 1, to) >>> 0;
  }
}

/** The two tables of rabin.wat: what leaves the window, then what reduces a shifted digest. */
export function rabinTables(polynomial: bigint): BigUint64Array {
  const leaving = powers(polynomial, 8 * (windowBytes - 1));
  const reducing = powers(polynomial, degree);
  const tables = new BigUint64Array(512);
  for (let byte = 0; byte < 256; byte++) {
    tables[byte] = combine(leaving, byte);
    tables[256 + byte] = combine(reducing, byte) | (BigInt(byte) << BigInt(degree));
  }
  return tables;
}

/** x^exponent to x^(exponent + 7), modulo the polynomial. */
function powers(polynomial: bigint, exponent: number): bigint[] {
  const found: bigint[] = [];
  let power = 1n;
  for (let n = 0; n < exponent + 8; n++) {
    if (n >= exponent) found.push(power);
    power <<= 1n;
    if (power >> BigInt(degree) === 1n) power ^= polynomial;
  }
  return found;
}

function combine(terms: readonly bigint[], byte: number): bigint {
  return terms.reduce((sum, term, bit) => ((byte >> bit) & 1 ? sum ^ term : sum), 0n);
}

/** rabin.wat, compiled by `wat2wasm --enable-threads`; a test compiles it again and compares. */
export const rabinWasm =
  'AGFzbQEAAAABDAJgAX8BfmACf38BfwIXAQhob2xkZmFzdAZtZW1vcnkCAwGAgAQDAwIAAQcIAQRzY2FuAAEKlAQCOwIBfgF/' +
  'IABBwABrIQIDQCABQgiGIAIxAACEIAFCKoinQfgPcSkDgBCFIQEgAkEBaiICIABJDQALIAEL1QMCCH8EfgJAA0AgACABTw0B' +
  'IAEgAGshAiACQYCAAksEQEGAgAIhAgsgAkEDakECdiEDIAAhBiAAIAIgA2tBA25qIQcgACACIANrQQF0QQNuaiEIIAAgAiAD' +
  'a2ohCSAGEAAhCiAHEAAhCyAIEAAhDCAJEAAhDSAGIANqIQRBfyEFA0AgCiAGQcAAay0AAEEDdCkDAIUhCiAKQgiGIAYxAACE' +
  'IApCKoinQfgPcSkDgBCFIQogBkEBaiEGIAqnQf//P3FFBEAgBg8LIAsgB0HAAGstAABBA3QpAwCFIQsgC0IIhiAHMQAAhCAL' +
  'QiqIp0H4D3EpA4AQhSELIAdBAWohByALp0H//z9xRQRAIAcgBUkEQCAHIQULCyAMIAhBwABrLQAAQQN0KQMAhSEMIAxCCIYg' +
  'CDEAAIQgDEIqiKdB+A9xKQOAEIUhDCAIQQFqIQggDKdB//8/cUUEQCAIIAVJBEAgCCEFCwsgDSAJQcAAay0AAEEDdCkDAIUh' +
  'DSANQgiGIAkxAACEIA1CKoinQfgPcSkDgBCFIQ0gCUEBaiEJIA2nQf//P3FFBEAgCSAFSQRAIAkhBQsLIAYgBEkNAAsgBUF/' +
  'RwRAIAUPCyAAIAJqIQAMAAsLQQAL';

let compiled: WebAssembly.Module | undefined;

/** The module, compiled when it is first asked for. */
function rabinModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Buffer.from(rabinWasm, 'base64'));
  return compiled;
}
