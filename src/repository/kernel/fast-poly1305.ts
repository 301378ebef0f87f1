import type { Bytes } from '../../base/index.ts';
import type { Poly1305 } from '../format/poly1305.ts';
import { Poly1305Kernel, poly1305StateBytes } from './poly1305.ts';

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
